import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../support/home.ts';
import { openStore } from '../support/store.ts';
import { until } from '../support/until.ts';

const FIXTURE = await readFile(new URL('../fixtures/python-1.0.json', import.meta.url));

async function homeOfPython(): Promise<string> {
  const home = await temporaryDirectory();
  await writeFile(join(home, 'registry.json'), FIXTURE);
  return home;
}

test('a file of the Python module is served, and stays as it is until the first change', async () => {
  const { store, file, backups } = await openStore({ home: await homeOfPython() });
  expect(store.registry.size).toBe(12);
  expect(store.registry.version).toBe('1.2');
  expect(store.problem).toBeNull();
  await store.close();
  expect(await readFile(file)).toEqual(FIXTURE);
  expect((await readdir(backups)).filter((name) => name.includes('migration'))).toEqual([]);
});

test('before the first change the original bytes go to the backups, once', async () => {
  const { add, file, backups } = await openStore({ home: await homeOfPython() });
  await add('one');
  await add('two');
  const kept = (await readdir(backups)).filter((name) => name.endsWith('-migration.json'));
  expect(kept).toHaveLength(1);
  expect(await readFile(join(backups, String(kept[0])))).toEqual(FIXTURE);
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ version: '1.2' });
});

test('what the Python module writes over a 1.1 file is kept before it is migrated again', async () => {
  const { add, store, file, backups } = await openStore();
  await add('one');
  await writeFile(file, FIXTURE);
  await add('two');
  expect(store.registry.size).toBe(13);
  const kept = (await readdir(backups)).find((name) => name.endsWith('-migration.json'));
  expect(await readFile(join(backups, String(kept)))).toEqual(FIXTURE);
});

test('where the original cannot be kept it is not written over', async () => {
  const { add, store, file, backups } = await openStore({ home: await homeOfPython() });
  const copied = async (): Promise<boolean> => (await readdir(backups)).includes('registry-last-good.json');
  await until(copied, 'the copy of a start is made');
  await rm(backups, { recursive: true });
  await writeFile(backups, 'in the way');
  await expect(add('one')).rejects.toMatchObject({ kind: 'storage_failed', data: { applied: false } });
  expect(await readFile(file)).toEqual(FIXTURE);
  expect(store.registry.size).toBe(12);
});
