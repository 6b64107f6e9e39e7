/** Servers of agents, and a daemon that is killed, or not there yet. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { type CommandLine, commandLine } from '../support/cli.ts';

const SERVERS = 10;
const STARTS = 100;

/** The daemon's process; stopped ones can be killed, too. */
async function daemonOf(cli: CommandLine): Promise<number> {
  return Number(await readFile(join(cli.dataDir, 'run', 'registry.sock.pid'), 'utf8'));
}

test('what an agent asks while the daemon is killed is asked again of the next one', async () => {
  const cli = await commandLine();
  await cli.run(['add', await cli.codebase('payments', { 'main.go': 'package main\n' })]);
  const agent = await startAgent(cli);
  await agent.use('list_projects');
  for (const tool of ['get_project', 'request_retraining']) {
    const pid = await daemonOf(cli);
    process.kill(pid, 'SIGSTOP');
    const asked = agent.use(tool, { project: 'payments' });
    // What came before this is with the daemon once this is answered: of a change, what looks for its project.
    await agent.peer.call('ping');
    process.kill(pid, 'SIGKILL');
    expect(await asked).toMatchObject({ name: 'payments' });
  }
});

test('ten servers that find no daemon start one, and another one when that is killed', async () => {
  const cli = await commandLine();
  const agents = await Promise.all(Array.from({ length: SERVERS }, () => startAgent(cli)));
  // None has needed one so far.
  expect(await readdir(cli.home)).toEqual([]);
  const seen = new Set<number>();
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(agents.map((agent) => agent.use('list_projects')));
    const pid = await daemonOf(cli);
    seen.add(pid);
    process.kill(pid, 'SIGKILL');
  }
  expect(seen.size).toBe(3);
});

test('a hundred servers whose input has ended leave no process, and start no daemon', async () => {
  const cli = await commandLine();
  for (let started = 0; started < STARTS; started += SERVERS) {
    const ended = Array.from({ length: SERVERS }, () => cli.run(['mcp'], { input: '' }));
    for (const one of await Promise.all(ended))
      expect(one).toMatchObject({ code: 0, stdout: '', stderr: '' });
  }
  expect(await readdir(cli.home)).toEqual([]);
});
