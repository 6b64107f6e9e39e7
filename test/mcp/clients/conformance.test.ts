/** The protocol's own conformance suite, as far as it is about a server without tools that exist for tests. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serveOverHttp } from '../../support/agents-over-http.ts';
import { commandLine } from '../../support/cli.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { programOf, requireNode } from './programs.ts';

/** The scenarios that fit. Most others call tools such as `test_image_content`, or ask for prompts. */
const FITTING: Readonly<Record<string, readonly string[]>> = {
  '2025-11-25': ['server-initialize', 'ping', 'tools-list', 'resources-list'],
  '2026-07-28': [
    'server-stateless',
    'tools-list',
    'resources-list',
    'sep-2164-resource-not-found',
    'caching',
  ],
};
/** What these look at, too, and this server does not have. */
const WITHOUT = ['sep-2549-prompts-list-caching-hints'];
/** How a check begins its reason that wanted a tool which exists for tests. */
const WANTS_TOOL = 'Not testable: server does not list the diagnostic tool';

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

test.each(Object.entries(FITTING))('it conforms to %s', async (revision, scenarios) => {
  requireNode('22.0');
  const cli = await commandLine();
  await cli.run(['add', await cli.codebase('payments', { 'main.go': 'package main\n' })]);
  const url = await serveOverHttp(cli, { allowWork: true });
  const results = await temporaryDirectory();
  const words = ['server', '--url', url, '--suite', 'all', '--spec-version', revision, '-o', results];
  // It ends with another code because of those that do not fit; what it has not looked at is missed below.
  await new Promise<void>((resolve) =>
    execFile(
      process.execPath,
      [programOf('@modelcontextprotocol/conformance', 'conformance'), ...words],
      () => resolve(),
    ),
  );
  for (const scenario of scenarios) {
    const checks = await checksOf(results, `server-${scenario}-`);
    expect(
      checks.filter(({ status }) => status === 'SUCCESS'),
      scenario,
    ).not.toEqual([]);
    expect(checks.filter(isFault), scenario).toEqual([]);
  }
});

function isFault({ id, status, errorMessage = '' }: Check): boolean {
  return status === 'FAILURE' && !errorMessage.startsWith(WANTS_TOOL) && !WITHOUT.includes(id);
}

/** The name of its directory ends with the time. */
async function checksOf(results: string, scenario: string): Promise<Check[]> {
  const names = await readdir(results);
  const name = names.find((name) => name.startsWith(scenario) && /^\d/.test(name.slice(scenario.length)));
  if (name === undefined) throw new Error(`nothing was found out about ${scenario}`);
  return JSON.parse(await readFile(join(results, name, 'checks.json'), 'utf8')) as Check[];
}
