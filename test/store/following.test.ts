import { link, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { temporaryDirectory } from '../support/home.ts';
import { fileWith, openStore } from '../support/store.ts';
import { until } from '../support/until.ts';

/** Stops the looks that come every few seconds whatever happens. */
function withoutRegularLooks(): void {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
}

describe('a store that follows its file takes in by itself', () => {
  test('what was edited before it did', async () => {
    withoutRegularLooks();
    const { store, file } = await openStore();
    await writeFile(file, fileWith('edited'));
    store.follow();
    await until(() => store.registry.named('edited'), 'the edit is taken in');
  });

  test('what the system tells of', async () => {
    withoutRegularLooks();
    const { store, add, file } = await openStore();
    store.follow();
    await add('one');
    await writeFile(file, fileWith('edited'));
    await until(() => store.registry.named('edited'), 'the edit is taken in');
    expect(store.registry.size).toBe(1);
  });

  test('what the system does not tell of', async () => {
    // Where it is watched by its directory alone, and written by another name.
    const home = join(await temporaryDirectory(), 'back\\slash');
    await mkdir(home);
    const { store, add, file } = await openStore({ home });
    await add('one');
    const elsewhere = join(await temporaryDirectory(), 'same.json');
    await link(file, elsewhere);
    store.follow();
    await until(async () => !(await store.look()), 'nothing is left to be taken in');
    for (const name of ['two', 'three']) {
      await writeFile(elsewhere, fileWith(name));
      await until(() => store.registry.named(name), 'the edit is taken in');
    }
  });
});
