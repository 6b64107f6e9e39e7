/** What is deleted, what is not, and that nobody else is kept from the disk meanwhile. */
import { existsSync, renameSync, symlinkSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { deleteTree, type Undeleted } from '../../../src/services/trash/delete-tree.ts';
import { inDirectory } from '../../../src/services/trash/open-directory.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { asOrdinaryUser } from '../../support/store.ts';

let top: string;
let fresh = 0;

beforeEach(async () => {
  top = await temporaryDirectory();
});

function deleteIt(isStopped: () => boolean = () => false): Promise<Undeleted | 'stopped' | null> {
  return inDirectory(top, (directory) =>
    deleteTree(directory, 'it', () => `fresh-${(fresh += 1)}`, isStopped),
  );
}

/** Makes files below `it`. */
async function files(directory: string, count: number): Promise<void> {
  await mkdir(join(top, 'it', directory), { recursive: true });
  for (let n = 0; n < count; n += 1) await writeFile(join(top, 'it', directory, `f${n}`), '');
}

test('everything in it goes, and one file operation is under way at a time', async () => {
  await files('a/b', 600);
  await files('c', 600);
  let most = 0;
  const progress = { done: false };
  const deletion = deleteIt().finally(() => (progress.done = true));
  while (!progress.done) {
    const under = process.getActiveResourcesInfo().filter((name) => name.startsWith('FSReq'));
    most = Math.max(most, under.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await deletion).toBeNull();
  expect(await readdir(top)).toEqual([]);
  expect(most).toBe(1);
});

test('a link goes, and what it leads to stays', async () => {
  const elsewhere = await temporaryDirectory();
  await writeFile(join(elsewhere, 'precious'), 'kept');
  await files('a', 1);
  await symlink(elsewhere, join(top, 'it', 'a', 'link'));
  expect(await deleteIt()).toBeNull();
  await symlink(elsewhere, join(top, 'it'));
  expect(await deleteIt()).toBeNull();
  expect(await readdir(top)).toEqual([]);
  expect(await readFile(join(elsewhere, 'precious'), 'utf8')).toBe('kept');
});

test('a directory in whose place a link is put meanwhile is not followed', async (context) => {
  if (!existsSync('/proc/self/fd')) context.skip('needs paths through a descriptor, which only Linux has');
  const elsewhere = await temporaryDirectory();
  await files('a', 3);
  for (const name of ['f0', 'f1', 'f2']) await writeFile(join(elsewhere, name), 'kept');
  const place = join(top, 'it', 'a');
  let asked = 0;
  await deleteIt(() => {
    asked += 1;
    // Before it, before `a`, and now before the first file in there.
    if (asked === 3) {
      renameSync(place, join(top, 'moved'));
      symlinkSync(elsewhere, place);
    }
    return false;
  });
  expect(asked).toBeGreaterThan(3);
  expect((await readdir(elsewhere)).toSorted()).toEqual(['f0', 'f1', 'f2']);
});

test('what is nested too deeply to be opened all at once goes, too', async () => {
  await mkdir(join(top, 'it', 'd/'.repeat(500)), { recursive: true });
  expect(await deleteIt()).toBeNull();
  expect(await readdir(top)).toEqual([]);
});

test('a directory that its user may not write into goes, too', async () => {
  await files('a/b', 2);
  const all = ['', 'it', 'it/a', 'it/a/b'].map((name) => join(top, name));
  await chmod(join(top, 'it', 'a', 'b'), 0o444);
  await chmod(join(top, 'it', 'a'), 0o555);
  expect(await asOrdinaryUser(all, deleteIt)).toBeNull();
  expect(await readdir(top)).toEqual([]);
});

test('what may not be deleted stays, is named, and keeps nothing else', async () => {
  await files('a', 2);
  await files('b', 2);
  // It cannot be opened, and by its path somebody could lead to another.
  await chmod(join(top, 'it', 'a'), 0o333);
  const all = [top, 'it', 'it/a', 'it/b'].map((name) => (name === top ? top : join(top, name)));
  const outcome = await asOrdinaryUser(all, deleteIt);
  expect(outcome).toMatchObject({ inside: 'a', error: { code: 'EACCES' } });
  expect(await readdir(join(top, 'it'))).toEqual(['a']);
});

test('it ends between two files when it is told to', async () => {
  await files('a', 10);
  let asked = 0;
  expect(await deleteIt(() => (asked += 1) > 5)).toBe('stopped');
  expect((await readdir(join(top, 'it', 'a'))).length).toBeGreaterThan(0);
});
