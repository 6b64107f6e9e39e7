/** Agents that share the work that there is, as the programs that they are. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EXIT } from '../../../client/cli/errors.ts';
import { startAgent } from '../../support/agent.ts';
import { commandLine } from '../../support/cli.ts';
import { temporaryDirectory } from '../../support/home.ts';
import type { Loose } from '../../support/lines.ts';

test('tools for work are there where that was allowed', async () => {
  const cli = await commandLine();
  const listed = async (words: readonly string[]): Promise<readonly string[]> => {
    const { tools } = await (await startAgent(cli, words)).peer.call('tools/list');
    return (tools as unknown as { name: string }[]).map(({ name }) => name);
  };
  const work = ['claim_training', 'report_progress', 'finish_training'];
  const [without, all] = await Promise.all([listed([]), listed(['--allow-work'])]);
  expect(all).toEqual([...without, ...work]);
});

test('two agents train each project of a queue once, and what one of them holds at its end the other gets', async () => {
  const cli = await commandLine();
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const name of names) await cli.json(['add', await cli.codebase(name, {})]);
  const agents = await Promise.all([startAgent(cli, ['--allow-work']), startAgent(cli, ['--allow-work'])]);
  const [one, other] = agents;
  // The last of all is the one that goes.
  const claimed = await Promise.all(names.map((_, at) => (at % 2 === 0 ? one : other).use('claim_training')));
  expect(claimed.map(nameOf).toSorted()).toEqual(names);
  expect(await other.use('claim_training')).toMatchObject({ claimed: false });
  one.child.stdin.end();
  expect(await one.finished).toMatchObject({ code: 0, stderr: '' });
  const left = claimed.filter((_, at) => at % 2 === 0);
  const got = await Promise.all(left.map(() => other.use('claim_training')));
  expect(got.map(nameOf).toSorted()).toEqual(left.map(nameOf).toSorted());
  const mine = [...claimed.filter((_, at) => at % 2 === 1), ...got];
  for (const { handle } of mine) await other.use('finish_training', { handle, outcome: 'completed' });
  const { projects } = (await cli.json(['ls'])) as { projects: { training_status: string }[] };
  expect(projects.map(({ training_status: status }) => status)).toEqual(names.map(() => 'completed'));
});

test('a training outlives a daemon that was killed', async () => {
  const cli = await commandLine();
  await cli.json(['add', await cli.codebase('a', {})]);
  const agent = await startAgent(cli, ['--allow-work']);
  const { handle } = await agent.use('claim_training');
  const { pid } = (await cli.json(['daemon', 'status'])) as { pid: number };
  process.kill(pid, 'SIGKILL');
  expect(await agent.use('report_progress', { handle, progress: 0.5 })).toEqual({ stop: false });
  const ended = await agent.use('finish_training', { handle, outcome: 'completed' });
  expect(ended).toMatchObject({ outcome: 'completed' });
});

test('a daemon that was killed while a training is being finished is started again', async () => {
  const cli = await commandLine();
  await cli.json(['add', await cli.codebase('a', {})]);
  const { pid } = (await cli.json(['daemon', 'status'])) as { pid: number };
  // What looks whether the disk of a named adapter answers kills the daemon.
  const bin = await temporaryDirectory();
  await writeFile(join(bin, 'ls'), `#!/bin/sh\nkill -9 ${pid}\n`, { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env['PATH']}` };
  const agent = await startAgent(cli, ['--allow-work'], { env });
  const { handle } = await agent.use('claim_training', { project: 'a' });
  const adapter = join(bin, 'adapter');
  await writeFile(adapter, 'weights');
  const ending = { handle, outcome: 'completed', lora_adapter_path: adapter };
  expect(await agent.use('finish_training', ending)).toMatchObject({ outcome: 'completed' });
  expect(await cli.json(['daemon', 'status'])).not.toMatchObject({ pid });
});

test('where no daemon may be started, an agent hears that it has lost nothing', async () => {
  const cli = await commandLine();
  await cli.json(['add', await cli.codebase('a', {})]);
  const agent = await startAgent(cli, ['--no-start', '--allow-work']);
  const { handle } = await agent.use('claim_training', { project: 'a' });
  await cli.json(['daemon', 'stop']);
  const ending = { handle, outcome: 'completed' };
  expect(await agent.refusal('finish_training', ending)).toMatch(
    /for the person.*the training of "a" is still yours: make the same call again$/,
  );
  await cli.json(['daemon', 'start']);
  expect(await agent.use('finish_training', ending)).toMatchObject({ outcome: 'completed' });
});

test('a daemon that somebody stops stays so while an agent holds a training, which goes on with the next', async () => {
  const cli = await commandLine();
  await cli.json(['add', await cli.codebase('a', {})]);
  const agent = await startAgent(cli, ['--allow-work']);
  const { handle } = await agent.use('claim_training');
  await cli.json(['daemon', 'stop']);
  // Longer than a server takes that would start it to hold its lease.
  for (let look = 0; look < 3; look += 1)
    expect(await cli.run(['daemon', 'status'])).toMatchObject({ code: EXIT.unreachable });
  const ended = await agent.use('finish_training', { handle, outcome: 'completed' });
  expect(ended).toMatchObject({ outcome: 'completed' });
});

function nameOf({ project }: Loose): string {
  return String((project as Loose)['name']);
}
