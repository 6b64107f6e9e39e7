/** `projects/` on a disk of its own that does not answer any more. It stops no change, only what needs that disk. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, type TestContext } from 'vitest';
import { pidFile } from '../../src/claim/beside.ts';
import type { Issue } from '../../src/domain/issues.ts';
import { temporaryDirectory } from '../support/home.ts';
import type { LineClient } from '../support/lines.ts';
import { until } from '../support/until.ts';
import { codebase, Gardenerd } from './support/gardenerd.ts';
import { PrivateMount } from './support/mounts.ts';

/** What a caller has to wait at most, milliseconds; the library gives up after 30 s. */
const ANSWER_MS = 10_000;

let disk: PrivateMount;
let daemon: Gardenerd;
let client: LineClient;

beforeEach(async (context: TestContext) => {
  const dataDir = await temporaryDirectory();
  disk = await PrivateMount.mortal(context, join(dataDir, 'projects'));
  daemon = new Gardenerd(dataDir, { beside: disk });
  // Before it is waited for: who waits for a dead disk ends with it.
  onTestFinished(() => disk.end());
  await until(async () => {
    const noted = await readFile(pidFile(daemon.paths.socket), 'utf8').catch(() => '');
    return Number(noted) === daemon.pid;
  }, 'it has the socket');
  await daemon.ready();
  client = await daemon.connect();
  const near = await codebase(dataDir);
  for (const name of ['removed', 'too', 'stays']) {
    const source_path = join(near, name);
    await mkdir(source_path);
    await client.call('projects.register', { name, source_path });
  }
});

test('a removal is answered, and changes go on, though the system remembers what is on it', async () => {
  await disk.die();
  const peers = await Promise.all([daemon.connect(), daemon.connect()]);
  const asked = performance.now();
  const removals = peers.map((peer, n) => peer.call('projects.remove', { project: n ? 'too' : 'removed' }));
  await until(() => disk.asked > 0, 'the disk was asked');
  await client.call('projects.update', { project: 'stays', tags: ['meanwhile'] });
  const answers = await Promise.all(removals);
  expect(performance.now() - asked).toBeLessThan(ANSWER_MS);
  const reasons = answers.flatMap((answer) => (answer as unknown as { left: { reason: string }[] }).left);
  // Which of several questions the disk was asked first is anybody's guess.
  expect(reasons.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/disk(, which was asked before,)? does not answer$/),
    expect.stringMatching(/disk(, which was asked before,)? does not answer$/),
  ]);
  await client.call('projects.update', { project: 'stays', tags: ['afterwards'] });
  const { issues } = (await client.call('registry.validate')) as unknown as { issues: Issue[] };
  // Nothing is mounted at the directory itself, and nobody is told to unmount it.
  expect(issues.map(({ code, remedy }) => [code, remedy])).toEqual([
    ['left_behind', undefined],
    ['left_behind', undefined],
  ]);
  // One thread waits for it.
  expect(disk.asked).toBe(1);
});

test('changes go on, one after the other, though each of them stirs the data directory', async () => {
  await disk.die();
  const { logFile } = daemon.paths;
  for (let n = 0; n < 6; n += 1) {
    await client.call('projects.update', { project: 'stays', tags: [`change${n}`] });
    // The watch is up again after a change, and has looked what is new.
    const edit = JSON.parse(await readFile(daemon.paths.registryFile, 'utf8')) as object;
    await writeFile(daemon.paths.registryFile, JSON.stringify({ ...edit, edited: n }));
    await until(async () => {
      const log = await readFile(logFile, 'utf8');
      return log.split('took over').length > n + 1;
    }, 'the edit is taken over');
  }
  expect(disk.asked).toBe(0);
});
