/** What a person has an agent do, through clients that nobody here wrote. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CommandLine, commandLine } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { PROGRAMS } from './programs.ts';

async function withPayments(): Promise<{ cli: CommandLine; source: string }> {
  const cli = await commandLine();
  const source = await cli.codebase('payments', { 'api/main.go': 'package main\n' });
  expect(await cli.run(['add', source])).toMatchObject({ code: 0 });
  return { cli, source };
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // Nobody has this number: the process has ended, and was waited for.
    return false;
  }
}

describe.each(Object.entries(PROGRAMS))('%s', (_, open) => {
  test('is told where it is, and its server ends with it', async () => {
    const { cli, source } = await withPayments();
    const agent = await open(cli);
    const { structuredContent: project } = await agent.tell('resolve_project', { cwd: join(source, 'api') });
    expect(project).toMatchObject({ name: 'payments', adapter: 'none' });
    await agent.close();
    await until(() => !isThere(agent.pid), 'the server has ended');
  });
});
