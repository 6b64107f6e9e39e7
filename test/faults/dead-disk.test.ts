/** A disk elsewhere that does not answer, with codebases on it. It stops nobody but those who ask for it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { beforeEach, expect, onTestFinished, test, type TestContext } from 'vitest';
import type { Issue } from '../../src/domain/issues.ts';
import { pidFile } from '../../src/claim/beside.ts';
import { builtProgram } from '../support/cli.ts';
import { environment, temporaryDirectory } from '../support/home.ts';
import type { LineClient } from '../support/lines.ts';
import { until } from '../support/until.ts';
import { codebase, Gardenerd, greet } from './support/gardenerd.ts';
import { PrivateMount } from './support/mounts.ts';

/** As many as Node has threads for files. */
const ON_IT = ['d1', 'd2', 'd3', 'd4'];
/** What a caller has to wait at most, milliseconds; the library gives up after 30 s. */
const ANSWER_MS = 10_000;

let disk: PrivateMount;
let daemon: Gardenerd;
let nearCode: string;
let client: LineClient;

beforeEach(async (context: TestContext) => {
  disk = await PrivateMount.dead(context);
  const dataDir = await temporaryDirectory();
  nearCode = await codebase(dataDir);
  const projects = [...ON_IT.map((name) => [name, `${disk.place}/${name}`]), ['near', nearCode]].map(
    ([name = '', source_path], n) => {
      const project_id = `00000000-0000-4000-8000-00000000000${n}`;
      return [project_id, { project_id, name, source_path }] as const;
    },
  );
  const content = { version: '1.2', active_project: null, projects: Object.fromEntries(projects) };
  await writeFile(`${dataDir}/registry.json`, JSON.stringify(content));
  for (const [id] of projects) await mkdir(`${dataDir}/projects/${id}`, { recursive: true });
  daemon = await start(dataDir);
  client = await daemon.connect();
});

async function start(dataDir: string): Promise<Gardenerd> {
  const started = new Gardenerd(dataDir, { beside: disk });
  // Before it is waited for: who waits for a dead disk ends with it.
  onTestFinished(() => disk.end());
  // Not asked before it has the socket: until then a dead one may hold it, and never answer.
  await until(async () => {
    const noted = await readFile(pidFile(started.paths.socket), 'utf8').catch(() => '');
    return Number(noted) === started.pid;
  }, 'it has the socket');
  return await started.ready();
}

/** Runs the command line beside the disk; gives its exit code and all that it said. */
async function run(...words: string[]): Promise<[number | null, string]> {
  const args = ['--data-dir', daemon.paths.dataDir, ...words];
  // nsenter has no say in the working directory: a shell goes there.
  const inside = ['sh', '-c', 'cd "$0" && exec "$@"', dirname(disk.place)];
  const [program = '', ...rest] = [
    ...disk.enter,
    ...inside,
    process.execPath,
    builtProgram('gardener.js'),
    ...args,
  ];
  const child = spawn(program, rest, { env: environment(daemon.paths.dataDir) });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return [code, said];
}

async function change(name: string): Promise<void> {
  await client.call('projects.update', { project: 'near', tags: [name] });
}

/** Whether the process runs no more, though a thread of it may wait for the disk. */
async function isOver({ pid }: Gardenerd): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tX');
  return /^State:\t[ZX]/m.test(status);
}

test('whether its codebases are there cannot be told, everything else can, and changes go on', async () => {
  const other = await daemon.connect();
  const asked = performance.now();
  const answer = other.call('registry.validate');
  await until(() => disk.asked > 0, 'the disk was asked');
  await change('meanwhile');
  const { issues } = await answer;
  expect(performance.now() - asked).toBeLessThan(ANSWER_MS);
  // Whichever is asked first; the rest is not asked any more, to lose no second thread.
  const unknown = [...ON_IT, 'near'].map((name, n) => [
    'source_unreachable',
    `whether the source path of "${name}" is there cannot be told: ` +
      (n === 0 ? 'its disk does not answer' : 'another disk, which was asked before, does not answer'),
  ]);
  expect((issues as unknown as Issue[]).map(({ code, message }) => [code, message])).toEqual(unknown);
  await change('afterwards');
  // One thread waits for it, and no other one ever will.
  expect(disk.asked).toBe(1);
});

test('what is gone is then not told of any, each time, and that is said', { timeout: 60_000 }, async () => {
  await rm(nearCode, { recursive: true });
  const first = await run('ls');
  expect(first).toEqual([0, expect.stringContaining('a disk does not answer')]);
  expect(first[1]).not.toContain('(gone)');
  expect(await run('ls')).toEqual(first);
  expect((await run('status'))[1]).toContain('cannot be told: a disk does not answer');
  expect((await run('show', 'near'))[0]).toBe(0);
  expect(disk.asked).toBe(1);
});

test('a codebase on it is registered, and others are as before', async () => {
  const peers = await Promise.all(ON_IT.map(() => daemon.connect()));
  const registered = peers.map((peer, n) =>
    peer.call('projects.register', { name: `new${n}`, source_path: `${disk.place}/new${n}` }),
  );
  await until(() => disk.asked > 0, 'the disk was asked');
  await change('meanwhile');
  for (const answer of registered) expect(await answer).toMatchObject({ training_status: 'not_started' });
  // What is written tells it, or nothing does: the active project is not meant by everything.
  await client.call('projects.activate', { project: 'near' });
  expect(await client.call('projects.resolve', { cwd: `${disk.place}/d1/src` })).toMatchObject({
    project: { name: 'd1' },
    resolved_by: 'cwd',
  });
  expect((await client.refusal('projects.resolve', { cwd: `${disk.place}/worktree` })).message).toMatch(
    /^cannot tell which project \S+ belongs to: .*does not answer; name the project$/,
  );
  expect(disk.asked).toBe(1);
});

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'a daemon that waits for it ends by %s, and the next one takes its place',
  async (signal) => {
    // Where it was killed, not even its connections end.
    client.ask('registry.validate').catch(() => null);
    await until(() => disk.asked > 0, 'the disk was asked');
    daemon.signal(signal);
    await until(() => isOver(daemon), 'the daemon is over');
    const next = await start(daemon.paths.dataDir);
    expect(await greet(next.paths.socket)).toBe(next.pid);
    client = await next.connect();
    await change('afterwards');
  },
);

test(
  'what is named like a directory on it is the project of that name, also beside it',
  { timeout: 120_000 },
  async () => {
    await client.call('projects.register', { name: 'disk', source_path: disk.place });
    expect(await run('edit', 'disk', '--tag', 'x')).toEqual([0, 'changed disk\n']);
    expect((await run('show', 'disk'))[0]).toBe(0);
    const [code, said] = await run('add', '.', '--name', 'around');
    expect([code, said]).toEqual([0, expect.stringContaining('could not read 1 directory: disk\n')]);
    for (const name of ['a', 'b', 'c', 'd']) {
      await mkdir(`${dirname(disk.place)}/beside/${name}`, { recursive: true });
      await writeFile(`${dirname(disk.place)}/beside/${name}/package.json`, '');
    }
    const began = performance.now();
    expect(await run('scan', '--json', '--yes')).toEqual([0, expect.stringContaining('"unreadable": 1')]);
    // Once for each time that it is asked, and not for each codebase.
    expect(performance.now() - began).toBeLessThan(3 * ANSWER_MS);
    const report = `echo '{"result":{"lora_adapter_path":"${disk.place}/adapter"}}' >&$GARDENER_PROGRESS_FD`;
    const trained = await run('train', 'near', '--', 'sh', '-c', report);
    expect(trained[0]).toBe(0);
    expect(await run('export', `${disk.place}/registry.json`)).toEqual([
      1,
      expect.stringMatching(/^gardener: cannot look at .*: its disk has not answered for 5 s\ntry: /),
    ]);
    expect(await run('rm', 'disk', '--yes')).toEqual([0, expect.stringContaining('removed disk\n')]);
  },
);

test('what would be changed is not the project around it', { timeout: 120_000 }, async () => {
  await client.call('projects.register', { name: 'around', source_path: dirname(disk.place) });
  await client.call('projects.activate', { project: 'near' });
  const before = await client.call('projects.get', { project: 'around' });
  const path = `${disk.place}/x`;
  const refusal = expect.stringMatching(
    /^gardener: cannot tell which project \S+ belongs to: .*does not answer; name the project\n/,
  ) as string;
  for (const words of [
    ['edit', path, '--tag', 'x'],
    ['use', path],
    ['retrain', path],
    ['train', '--cancel', path],
    ['train', path, '--', 'true'],
  ]) {
    expect([words[0], ...(await run(...words))]).toEqual([words[0], 1, refusal]);
  }
  const where = [{ project: path }, { env: path }, { cwd: path }];
  for (const params of where) {
    const { message } = await client.refusal('projects.resolve', { ...params, to_change: true });
    expect(message).toContain('does not answer; name the project');
    expect(await client.call('projects.resolve', params)).toMatchObject({ project: { name: 'around' } });
  }
  expect(await client.call('projects.get', { project: 'around' })).toEqual(before);
});

test(
  'the command line says so within seconds and ends, and restarts a daemon that was killed',
  { timeout: 120_000 },
  async () => {
    client.ask('registry.validate').catch(() => null);
    await until(() => disk.asked > 0, 'the disk was asked');
    daemon.signal('SIGKILL');
    await until(() => isOver(daemon), 'the daemon is over');
    const [code, said] = await run('daemon', 'restart');
    expect([code, said]).toEqual([0, expect.stringMatching(/^started the daemon: pid \d+, version .*\n$/)]);
    for (const words of [
      ['add', disk.place],
      ['edit', 'd1', '--rescan'],
    ]) {
      const [code, said] = await run(...words);
      expect([code, said]).toEqual([
        1,
        expect.stringMatching(/^gardener: cannot look at .*: its disk has not answered for 5 s\ntry: .*\n$/),
      ]);
    }
    expect(await run('daemon', 'stop')).toEqual([
      0,
      expect.stringMatching(/^stopped the daemon: pid \d+\n$/),
    ]);
  },
);
