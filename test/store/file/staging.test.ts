/** Two that write one file, each sure that it is theirs: what is staged by one is never the other's. */
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { replaceFile, stage } from '../../../src/store/file/atomic-file.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { openStore } from '../../support/store.ts';

test('of two contents that are staged at once, each is what its own rename puts in place', async () => {
  const file = join(await temporaryDirectory(), 'registry.json');
  const [one, other] = [await stage(file, Buffer.from('one')), await stage(file, Buffer.from('other'))];
  one.place();
  expect(await readFile(file, 'utf8')).toBe('one');
  other.place();
  expect(await readFile(file, 'utf8')).toBe('other');
  await Promise.all([one.discard(), other.discard()]);
});

test('what two stores of one file have acknowledged is in it', async () => {
  const one = await openStore();
  const other = await openStore({ home: one.home });
  const names: string[] = [];
  for (let round = 0; round < 50; round += 1) {
    const [a, b] = [`a${round}`, `b${round}`];
    await Promise.all([one.add(a), other.add(b)]);
    names.push(a, b);
  }
  expect((await one.namesOnDisk()).toSorted()).toEqual(names.toSorted());
});

test('a link under a name that earlier versions staged under is not followed', async () => {
  const home = await temporaryDirectory();
  const file = join(home, 'registry.json');
  await writeFile(join(home, 'precious'), 'keep me');
  await symlink(join(home, 'precious'), `${file}.staged`);
  await replaceFile(file, Buffer.from('new'));
  expect(await readFile(join(home, 'precious'), 'utf8')).toBe('keep me');
  expect((await readdir(home)).toSorted()).toEqual(['precious', 'registry.json', 'registry.json.staged']);
});
