import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, test, vi } from 'vitest';
import { DELETED_GRACE_MS } from '../../src/store/store.ts';
import { fileWith, openStore } from '../support/store.ts';

const backAfterGrace = { timeout: DELETED_GRACE_MS + 10_000, interval: 20 };

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
    const deleted = performance.now();
    await store.look();
    await vi.waitFor(() => expect(store.problem).toBeNull(), backAfterGrace);
    expect(performance.now() - deleted).toBeGreaterThan(DELETED_GRACE_MS - 50);
    expect(await readFile(file, 'utf8')).toBe(good);
    expect((await readdir(backups)).some((name) => name.endsWith('-fault.json'))).toBe(true);
    await add('two');
  }, 30_000);

  test('that comes back invalid within the time is not written over when the time is up', async () => {
    const { store, add, file } = await openStore();
    await add('one');
    await rm(file);
    await store.look();
    await writeFile(file, '{ half');
    const due = performance.now() + DELETED_GRACE_MS + 300;
    await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(due), backAfterGrace);
    expect(await readFile(file, 'utf8')).toBe('{ half');
    await store.look();
    expect(store.problem).toMatchObject({ kind: 'invalid_file' });
  }, 30_000);

  test('is not written back by a daemon that no longer owns the registry', async () => {
    let ours = true;
    const { store, add, file } = await openStore({ ownsRegistry: async () => ours });
    await add('one');
    await rm(file);
    await store.look();
    ours = false;
    const due = performance.now() + DELETED_GRACE_MS + 300;
    await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(due), backAfterGrace);
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
  }, 30_000);

  test('before anything was ever registered is no deletion', async () => {
    const { store, add, namesOnDisk } = await openStore();
    expect(await store.look()).toBe(false);
    expect(store.problem).toBeNull();
    await add('one');
    expect(await namesOnDisk()).toEqual(['one']);
  });
});
