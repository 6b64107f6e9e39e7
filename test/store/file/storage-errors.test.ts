import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as operations from '../../../src/domain/changes.ts';
import { requireTools } from '../../support/tools.ts';
import { asOrdinaryUser, openStore, withMode } from '../../support/store.ts';

const run = promisify(execFile);

/** Limits how long a file this process can write, in bytes; a longer write is cut short, as on a full disk. */
async function limitFileSize(bytes: number | 'unlimited'): Promise<void> {
  await run('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
}

// The system also sends a signal, which would end the process; the failed write is what is wanted here.
process.on('SIGXFSZ', () => undefined);

describe('a write that fails', () => {
  test('fails every change of its batch, and nothing has changed', async () => {
    const { store, add, file, home, backups } = await openStore();
    await add('one');
    const before = await readFile(file);
    const commits: unknown[] = [];
    store.subscribe({ committed: (commit) => commits.push(commit) });
    const outcomes = await asOrdinaryUser([home, backups, file], () =>
      withMode(home, 0o500, () =>
        Promise.allSettled([
          add('two'),
          store.change((draft, now) => operations.touch(draft, 'one', now)),
          store.change((draft) => operations.remove(draft, 'one')),
        ]),
      ),
    );
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ reason: { kind: 'storage_failed', data: { applied: false } } });
    }
    expect(await readFile(file)).toEqual(before);
    expect([...store.registry.projects()].map(({ name }) => name)).toEqual(['one']);
    expect(commits).toEqual([]);
    expect(store.batches.count).toBe(1);
  });

  test('is over when the disk can be written again', async () => {
    const { add, home, backups, file, namesOnDisk } = await openStore();
    await add('one');
    await asOrdinaryUser([home, backups, file], () =>
      withMode(home, 0o500, () => expect(add('two')).rejects.toMatchObject({ kind: 'storage_failed' })),
    );
    await add('two');
    expect(await namesOnDisk()).toEqual(['one', 'two']);
  });

  test('is a problem until one succeeds, which refuses nothing', async () => {
    const { store, add, file, home, backups } = await openStore();
    await add('one');
    const told: unknown[] = [];
    store.subscribe({ problem: (problem) => told.push(problem?.kind ?? null) });
    await asOrdinaryUser([home, backups, file], () =>
      withMode(home, 0o500, async () => {
        await expect(add('two')).rejects.toMatchObject({ kind: 'storage_failed' });
        await expect(add('two')).rejects.toMatchObject({ kind: 'storage_failed' });
      }),
    );
    expect(store.problem).toMatchObject({
      kind: 'failed_write',
      message: `cannot write ${file}: permission denied (EACCES); the next change tries again`,
      remedy: expect.stringContaining('gardener doctor') as string,
    });
    expect(store.readOnly).toBe(false);
    // A look finds nothing out about writing, nor does a change that changes nothing.
    await store.look();
    await store.change(() => undefined);
    expect(store.problem).not.toBeNull();
    await add('two');
    expect(store.problem).toBeNull();
    expect(told).toEqual(['failed_write', null]);
  });

  test('says that the daemon ends where another one has taken over meanwhile', async () => {
    const owns = [true, true, false];
    const { add, home, file, backups } = await openStore({ ownsRegistry: async () => owns.shift() ?? false });
    await add('one');
    await asOrdinaryUser([home, backups, file], () =>
      withMode(home, 0o500, () => expect(add('two')).rejects.toMatchObject({ kind: 'shutting_down' })),
    );
    expect(owns).toEqual([]);
  });

  test('whatever became of the directory does not end the store', async () => {
    const { store, add, home, namesOnDisk } = await openStore();
    await add('one');
    await rename(home, `${home}.away`);
    await writeFile(home, 'in the way');
    try {
      await expect(add('two')).rejects.toMatchObject({ kind: 'storage_failed' });
      expect(store.registry.named('one')).toBeDefined();
    } finally {
      await rm(home);
      await rename(`${home}.away`, home);
    }
    await add('two');
    expect(await namesOnDisk()).toEqual(['one', 'two']);
  });

  test('is noticed when only the first part of the bytes came to the disk, as when it is full', async (context) => {
    requireTools(context, 'prlimit');
    const { store, add, file, home } = await openStore();
    await add('one');
    const before = await readFile(file);
    await limitFileSize(before.length + 100);
    try {
      // Only a part was written, which is no error by itself; why is what helps.
      await expect(add('two')).rejects.toMatchObject({
        kind: 'storage_failed',
        message: expect.stringContaining('EFBIG') as string,
        data: { applied: false, suggestions: ['make it smaller, or raise the limit: ulimit -f'] },
      });
    } finally {
      await limitFileSize('unlimited');
    }
    expect(store.problem).toMatchObject({
      kind: 'failed_write',
      message: expect.stringContaining(`cannot write ${file}: the file is too large (EFBIG)`) as string,
      remedy: 'make it smaller, or raise the limit: ulimit -f',
    });
    expect(await readFile(file)).toEqual(before);
    expect((await readdir(home)).filter((name) => name.includes('staged'))).toEqual([]);
    await add('two');
    expect(store.registry.size).toBe(2);
  });

  test('of the directory alone tells that a restored backup stands, and it is served', async () => {
    const { store, add, file, home, backups, namesOnDisk } = await openStore();
    await add('one');
    const backup = 'registry-20260101T000000.000Z-edit.json';
    await writeFile(join(backups, backup), await readFile(file));
    await add('two');
    await writeFile(file, '{');
    await store.look();
    await asOrdinaryUser([home, backups, file, join(backups, backup)], () =>
      withMode(home, 0o300, async () => {
        await expect(store.restore(backup)).rejects.toMatchObject({
          kind: 'storage_failed',
          data: { applied: true },
        });
      }),
    );
    expect(await namesOnDisk()).toEqual(['one']);
    expect([...store.registry.projects()].map(({ name }) => name)).toEqual(['one']);
    expect(store.problem).toMatchObject({
      kind: 'failed_write',
      message: expect.stringContaining('survives a power cut: permission denied') as string,
    });
    await add('three');
    expect(await namesOnDisk()).toEqual(['one', 'three']);
  });

  test('of the directory alone tells that the change stands, and the next batch syncs again', async () => {
    const { store, add, file, home, backups, namesOnDisk } = await openStore();
    await add('one');
    const commits: unknown[] = [];
    store.subscribe({ committed: (commit) => commits.push(commit) });
    // A directory that can be written and not read: the rename goes through, opening it to sync does not.
    await asOrdinaryUser([home, backups, file], () =>
      withMode(home, 0o300, async () => {
        await expect(add('two')).rejects.toMatchObject({ kind: 'storage_failed', data: { applied: true } });
        // Still not: this one changes nothing, and yet must not be told that all is well on the disk.
        await expect(
          store.change((draft) => operations.activate(draft, null, '') ?? draft.size),
        ).rejects.toMatchObject({ data: { applied: true } });
      }),
    );
    expect(store.registry.named('two')).toBeDefined();
    expect(await namesOnDisk()).toEqual(['one', 'two']);
    expect(commits.length).toBeGreaterThan(0);
    await add('three');
    expect(await namesOnDisk()).toEqual(['one', 'two', 'three']);
  });
});

test('a backup that cannot be written back is served, and written with the next change', async (context) => {
  requireTools(context, 'prlimit');
  const first = await openStore();
  await first.add('one');
  await first.store.close();
  await writeFile(first.file, '{');
  await limitFileSize(10);
  const second = openStore({ home: first.home });
  await second.catch(() => undefined);
  await limitFileSize('unlimited');
  const { store, add, namesOnDisk } = await second;
  expect([...store.registry.projects()].map(({ name }) => name)).toEqual(['one']);
  expect(store.problem).toMatchObject({ kind: 'failed_write' });
  await add('two');
  expect(store.problem).toMatchObject({ kind: 'recovered' });
  expect(await namesOnDisk()).toEqual(['one', 'two']);
});

describe('a copy that cannot be made', () => {
  test('of an edited file’s earlier content refuses the change and does not lose the edit', async () => {
    const { store, add, file, backups } = await openStore();
    await add('one');
    const edited = (await readFile(file, 'utf8')).replace('"name": "one"', '"name": "renamed"');
    await rm(backups, { recursive: true });
    await writeFile(backups, 'in the way');
    await writeFile(file, edited);
    await expect(add('two')).rejects.toMatchObject({ kind: 'storage_failed' });
    await expect(add('two')).rejects.toMatchObject({ kind: 'storage_failed' });
    expect(await readFile(file, 'utf8')).toBe(edited);
    await rm(backups);
    await mkdir(backups);
    await add('two');
    expect([...store.registry.projects()].map(({ name }) => name)).toEqual(['renamed', 'two']);
  });
});

test('the file and its copies are for the user alone', async () => {
  const { store, add, file, backups } = await openStore();
  await add('one');
  await writeFile(file, '{', { mode: 0o644 });
  await store.look();
  expect((await stat(backups)).mode & 0o777).toBe(0o700);
  for (const name of await readdir(backups)) {
    expect((await stat(`${backups}/${name}`)).mode & 0o777).toBe(0o600);
  }
  await writeFile(file, JSON.stringify({ version: '1.2', projects: {} }));
  await add('two');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});
