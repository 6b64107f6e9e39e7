/**
 * A disk that is full to the last byte, in memory and of the test's own. Changes fail and say so, nothing that was
 * there is lost or cut short, reads go on, and everything works again once there is room.
 */
import { open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, type TestContext } from 'vitest';
import { connect } from '../../client/index.ts';
import { MAX_LOG_BYTES } from '../../src/log.ts';
import { until } from '../support/until.ts';
import { parseContent, readContent, servedContent } from './support/content.ts';
import { Counted } from './support/counted.ts';
import { CODEBASE } from './support/gardenerd.ts';
import { PrivateMount } from './support/mounts.ts';
import { readAllTheTime } from './support/reader.ts';

const DISK = 'size=1m,nr_inodes=300';
/** Enough for a file of several blocks, so that a part of it can find room and the rest not. */
const PROJECTS = 40;
/** Changes that fail while the disk is full. */
const FAILURES = 500;
/** How the room comes back, in bytes. */
const STEP = 4096;

let mount: PrivateMount;
let one: Counted;
let filler: string;

beforeEach(async (context: TestContext) => {
  mount = await PrivateMount.make(context, 'tmpfs', DISK);
  one = await Counted.start(mount.place, { mount });
  filler = join(one.daemon.paths.dataDir, 'filler');
  for (let number = 0; number < PROJECTS; number += 1) {
    await one.client.call('projects.register', { name: `p${number}`, source_path: CODEBASE });
  }
});

/** Fills the disk to the last byte; gives how many bytes that took. */
async function fillUp(): Promise<number> {
  const handle = await open(filler, 'a');
  try {
    for (let size = 64 * 1024; size >= 1; size = Math.floor(size / 2)) {
      const bytes = Buffer.alloc(size);
      while (await fits(() => handle.write(bytes))) continue;
    }
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

async function fits(write: () => Promise<{ bytesWritten: number }>): Promise<boolean> {
  try {
    return (await write()).bytesWritten > 0;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}

/** What the backups of a kind hold. */
async function backups(reason: 'edit' | 'fault'): Promise<string[]> {
  const { backupsDir } = one.daemon.paths;
  const names = (await readdir(backupsDir)).filter((name) => name.endsWith(`-${reason}.json`));
  return await Promise.all(names.map((name) => readFile(join(backupsDir, name), 'utf8')));
}

test('while the disk is full changes fail and reads go on; with room everything goes on', async () => {
  expect((await one.change()).error).toBeUndefined();
  const before = await readFile(one.file, 'utf8');
  const reader = readAllTheTime(one.file);
  const rss = await one.daemon.rss();
  const filled = await fillUp();
  const good = one.count;
  for (let failures = 0; failures < FAILURES; failures += 1) {
    expect((await one.change()).error).toMatchObject({
      code: 1010,
      data: { kind: 'storage_failed', applied: false },
    });
  }
  expect(await readFile(one.file, 'utf8')).toBe(before);
  expect(await one.agreed('while the disk is full')).toBe(good);
  expect(await one.client.call('projects.count', {})).toBe(PROJECTS + 1);
  // The log has no room either: its lines are dropped, not collected.
  expect((await one.daemon.rss()) - rss).toBeLessThan(64 * 1024 * 1024);

  // Room comes back bit by bit: for a part of the file first.
  let done = 0;
  let failed = 0;
  let last = good;
  for (let size = filled; done < 10 && size > 0; size -= STEP) {
    await truncate(filler, size);
    const { error } = await one.change();
    if (error) expect(error).toMatchObject({ code: 1010 });
    else last = one.count;
    if (error) failed += 1;
    else done += 1;
    expect(await one.agreed(`with ${filled - size} bytes of room`)).toBe(last);
  }
  expect(failed).toBeGreaterThan(0);
  expect(done).toBe(10);
  await rm(filler);
  expect(await reader.stop()).toBeGreaterThan(100);
  expect((await readdir(one.daemon.paths.dataDir)).filter((name) => name.includes('staged'))).toEqual([]);

  // And the log goes on with whole lines.
  await one.client.call('projects.touch', { project: 'p7' });
  const lines = (await readFile(one.daemon.paths.logFile, 'utf8')).trimEnd().split('\n');
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ method: 'projects.touch' });
});

test('a training that the library runs completes as soon as there is room', async () => {
  const told: string[] = [];
  const registry = await connect({ socket: one.daemon.paths.socket, autoStart: false });
  onTestFinished(() => registry.close());
  const onWarning = (message: string): void => void told.push(message);
  const run = registry.training.run(
    { project: 'p0' },
    async () => {
      await fillUp();
      return { metadata: { loss: 0.2 } };
    },
    { onWarning },
  );
  await until(() => told.length > 0, 'it is told that the end cannot be written');
  await rm(filler);
  expect(await run).toEqual({ metadata: { loss: 0.2 } });
  expect(told[0]).toMatch(/^the end cannot be written yet, and is tried for two minutes: .*no space left/);
  expect(await registry.projects.get({ project: 'p0' })).toMatchObject({
    training_status: 'completed',
    metadata: { loss: 0.2 },
  });
});

test('an edit made while the disk is full waits for the copy of what it replaces', async () => {
  const before = await readFile(one.file, 'utf8');
  await fillUp();
  const edited = before.replace('"name": "p7"', '"name": "q7"');
  // In place, and of the same length: no block more.
  await writeFile(one.file, edited, { flag: 'r+' });
  for (let failures = 0; failures < 20; failures += 1) {
    expect((await one.change()).error).toMatchObject({ code: 1010 });
  }
  expect(await readFile(one.file, 'utf8')).toBe(edited);
  expect(await backups('edit')).not.toContain(before);
  await rm(filler);
  expect((await one.change()).error).toBeUndefined();
  const { projects } = await readContent(one.file);
  expect(projects.map(({ name }) => name)).toContain('q7');
  expect(await one.agreed('after the edit')).toBe(one.count);
  expect(await backups('edit')).toContain(before);
});

test('a file spoilt while the disk is full is copied as soon as there is room, and a kill then loses nothing', async () => {
  const before = await readFile(one.file, 'utf8');
  await fillUp();
  await writeFile(one.file, '{"version": ', { flag: 'r+' });
  expect((await one.change()).error).toMatchObject({
    data: { kind: 'registry_read_only', problem: { kind: 'invalid_file' } },
  });
  expect(await backups('fault')).toEqual([]);
  await rm(filler);
  // Nobody asks for anything: the daemon looks by itself.
  await until(async () => (await backups('fault')).includes(before), 'the last good state is in a backup');
  await one.daemon.kill();
  await one.restart();
  expect(await servedContent(one.client)).toEqual(parseContent(before));
});

test('a daemon that starts on a full disk serves what there is', async () => {
  const served = await servedContent(one.client);
  await one.daemon.stop();
  await fillUp();
  await one.restart();
  expect(await servedContent(one.client)).toEqual(served);
  expect((await one.change()).error).toMatchObject({ code: 1010 });
  await rm(filler);
  expect((await one.change()).error).toBeUndefined();
});

test('a log that has no room for its next file does not end the daemon, and goes on once there is', async () => {
  const { logFile, dataDir } = one.daemon.paths;
  await one.daemon.stop();
  // A sparse file, which takes no room, some lines short of being renamed.
  await truncate(logFile, MAX_LOG_BYTES - 3_000);
  await one.restart();
  const names: string[] = [];
  while (await madeRoomFor(join(dataDir, `inode-${names.length}`))) names.push(`inode-${names.length}`);
  for (let failures = 0; failures < 50; failures += 1) {
    expect((await one.change()).error).toMatchObject({ code: 1010 });
  }
  expect(await readdir(join(logFile, '..'))).toContain('registry.log.1');
  for (const name of names) await rm(join(dataDir, name));
  expect((await one.change()).error).toBeUndefined();
  const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n');
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ pid: expect.any(Number) });
  expect(lines.at(-1)).toContain('projects.update');
});

/** Whether there was an inode left for an empty file. */
async function madeRoomFor(file: string): Promise<boolean> {
  return await fits(async () => {
    await writeFile(file, '');
    return { bytesWritten: 1 };
  });
}
