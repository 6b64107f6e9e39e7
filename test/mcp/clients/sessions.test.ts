/** What a person has an agent do, through clients that nobody here wrote; each compares answers with the tools' schemas. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLine } from '../../support/cli.ts';
import { repository } from '../../support/repository.ts';
import { until } from '../../support/until.ts';
import { PROGRAMS } from './programs.ts';

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // Nobody has this number: the process has ended, and was waited for.
    return false;
  }
}

describe.each(Object.entries(PROGRAMS))('%s', (_, open) => {
  test('is told where it is and whether the adapter is current, and has it retrained', async () => {
    const cli = await commandLine();
    const { root, git, commit } = await repository(cli.home, 'payments');
    const worktree = join(cli.home, 'beside');
    await git('worktree', 'add', '-q', worktree);
    expect(await cli.run(['add', root])).toMatchObject({ code: 0 });
    const agent = await open(cli);
    const where = await agent.tell('resolve_project', { cwd: join(worktree, 'in') });
    expect(where.structuredContent).toMatchObject({ name: 'payments', adapter: 'none' });

    const project = 'payments';
    const asked = await agent.tell('request_retraining', { project, reason: 'new API' });
    expect(asked.structuredContent).toMatchObject({ name: project, training_status: 'not_started' });
    const waiting = agent.tell('training_status', { project, wait_seconds: 50 });
    const trainer = 'echo weights > "$GARDENER_PROJECT_LORA_ADAPTER_PATH"';
    expect(await cli.run(['train', '--claim', '--', 'sh', '-c', trainer])).toMatchObject({ code: 0 });
    expect((await waiting).structuredContent).toMatchObject({ training_status: 'completed', pending: false });

    // On a busy machine git may take longer than anybody waits for it.
    const adapter = (state: string) =>
      until(async () => {
        const { structuredContent: shown } = await agent.tell('get_project', { project });
        return shown?.['adapter'] === state && shown;
      }, `the adapter is ${state}`);
    await adapter('current');
    await commit('in/d.py');
    expect(await adapter('outdated')).toMatchObject({ commits_behind: 1 });
    const near = await agent.tell('get_project', { project: 'paymets' });
    expect(near).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('"payments"') }] });
  });

  test('trains what waits, and its server ends with it', async () => {
    const cli = await commandLine();
    await cli.run(['add', await cli.codebase('payments', { 'main.go': 'package main\n' })]);
    const agent = await open(cli, ['--allow-work']);
    const { structuredContent: work } = await agent.tell('claim_training');
    expect(work).toMatchObject({ claimed: true, project: { name: 'payments' } });
    const handle = String(work?.['handle']);
    const { structuredContent: reported } = await agent.tell('report_progress', { handle, progress: 0.5 });
    expect(reported).toEqual({ stop: false });
    const finished = await agent.tell('finish_training', { handle, outcome: 'completed' });
    expect(finished.structuredContent).toMatchObject({ outcome: 'completed' });
    await agent.close();
    await until(() => !isThere(agent.pid), 'the server has ended');
  });

  test('goes on when the daemon was killed', async () => {
    const cli = await commandLine();
    await cli.run(['add', await cli.codebase('payments', { 'main.go': 'package main\n' })]);
    const agent = await open(cli);
    expect((await agent.tell('list_projects')).isError).not.toBe(true);
    const pid = Number(await readFile(join(cli.dataDir, 'run', 'registry.sock.pid'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    await until(() => !isThere(pid), 'the daemon has ended');
    expect(await agent.tell('get_project', { project: 'payments' })).toMatchObject({
      structuredContent: { name: 'payments' },
    });
  });
});
