import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DELETED_GRACE_MS } from '../../src/store/unusable-file.ts';
import type { Store } from '../../src/store/store.ts';
import { until } from '../support/until.ts';
import { fileWith, openStore } from '../support/store.ts';

// The time to come back passes when a test says so, however long the machine takes for what is between.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Lets the time in which a deletion is taken for an editor's be up, and what is due then be done. */
async function afterGrace(store: Store): Promise<void> {
  await vi.advanceTimersByTimeAsync(DELETED_GRACE_MS);
  await store.look();
}

describe('a deleted file', () => {
  test('refuses changes at first: an editor may be about to write it again', async () => {
    const { store, add, file } = await openStore();
    await add('one');
    await rm(file);
    await expect(add('two')).rejects.toMatchObject({
      kind: 'registry_read_only',
      data: { problem: { kind: 'deleted_file' } },
    });
    expect(store.registry.named('one')).toBeDefined();
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('that comes back in time is taken as it is', async () => {
    const { store, add, file, namesOnDisk } = await openStore();
    await add('one');
    await rm(file);
    await store.look();
    await writeFile(file, fileWith('by hand'));
    await add('two');
    expect(await namesOnDisk()).toEqual(['by hand', 'two']);
    expect(store.problem).toBeNull();
  });

  test('that comes back as it was ends the problem', async () => {
    const { store, add, file } = await openStore();
    await add('one');
    const bytes = await readFile(file);
    await rm(file);
    await store.look();
    await writeFile(file, bytes);
    await store.look();
    expect(store.problem).toBeNull();
    await add('two');
  });

  test('that stays away is written back, and changes go on', async () => {
    const { store, add, file, backups } = await openStore();
    await add('one');
    const good = await readFile(file, 'utf8');
    await rm(file);
    await store.look();
    await vi.advanceTimersByTimeAsync(DELETED_GRACE_MS - 1);
    await store.look();
    expect(store.problem).toMatchObject({ kind: 'deleted_file' });
    await vi.advanceTimersByTimeAsync(1);
    await until(() => store.problem === null, 'the file is written back');
    expect(await readFile(file, 'utf8')).toBe(good);
    expect((await readdir(backups)).some((name) => name.endsWith('-fault.json'))).toBe(true);
    await add('two');
  });

  test('that comes back invalid within the time is not written over when the time is up', async () => {
    const { store, add, file } = await openStore();
    await add('one');
    await rm(file);
    await store.look();
    await writeFile(file, '{ half');
    await afterGrace(store);
    expect(await readFile(file, 'utf8')).toBe('{ half');
    await store.look();
    expect(store.problem).toMatchObject({ kind: 'invalid_file' });
  });

  test('is not written back by a daemon that no longer owns the registry', async () => {
    let ours = true;
    const { store, add, file } = await openStore({ ownsRegistry: async () => ours });
    await add('one');
    await rm(file);
    await store.look();
    ours = false;
    await afterGrace(store);
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('before anything was ever registered is no deletion', async () => {
    const { store, add, namesOnDisk } = await openStore();
    expect(await store.look()).toBe(false);
    expect(store.problem).toBeNull();
    await add('one');
    expect(await namesOnDisk()).toEqual(['one']);
  });
});
