/** The registry file behind links that people make, break and point elsewhere, with a store that runs and at a start. */
import { renameSync, symlinkSync } from 'node:fs';
import { lstat, mkdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../support/home.ts';
import { fileWith, openStore, type OpenStore } from '../../support/store.ts';

const namesOf = ({ store }: Pick<OpenStore, 'store'>): string[] =>
  [...store.registry.projects()].map(({ name }) => name);

/** A home whose registry is a link. */
async function homeWithLink(target: string): Promise<string> {
  const home = await temporaryDirectory();
  await symlink(target, join(home, 'registry.json'));
  return home;
}

/** Puts a link in the place of whatever is there, as `ln -sfn` does. */
async function relink(target: string, link: string): Promise<void> {
  await symlink(target, `${link}.new`);
  await rename(`${link}.new`, link);
}

async function disk(...projects: string[]): Promise<string> {
  const file = join(await temporaryDirectory(), 'shared.json');
  if (projects.length > 0) await writeFile(file, fileWith(...projects));
  return file;
}

const isLink = async (path: string): Promise<boolean> => (await lstat(path)).isSymbolicLink();
const onDisk = async (file: string): Promise<string> => await readFile(file, 'utf8');

const DANGLING = { kind: 'registry_read_only', data: { problem: { kind: 'dangling_link' } } };

describe('a link that leads nowhere when the store opens', () => {
  test('is served from the last good copy, read-only and told, and stays what it is', async () => {
    const target = await disk();
    const home = await homeWithLink(target);
    await mkdir(join(home, 'backups'));
    await writeFile(join(home, 'backups', 'registry-last-good.json'), fileWith('kept'));
    const one = await openStore({ home });
    expect(namesOf(one)).toEqual(['kept']);
    expect(one.store.readOnly).toBe(true);
    expect(one.store.problem).toMatchObject({
      kind: 'dangling_link',
      message: expect.stringContaining(target) as string,
      remedy: expect.stringContaining('mount') as string,
    });
    await expect(one.add('lost')).rejects.toMatchObject(DANGLING);
    await expect(one.store.restore('registry-last-good.json')).rejects.toMatchObject(DANGLING);
    await one.store.close();
    expect(await readlink(one.file)).toBe(target);
    await expect(onDisk(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is taken over as an edit when the file is there again, and the copy is kept', async () => {
    const target = await disk();
    const home = await homeWithLink(target);
    await mkdir(join(home, 'backups'));
    await writeFile(join(home, 'backups', 'registry-last-good.json'), fileWith('kept'));
    const one = await openStore({ home });
    const told: unknown[] = [];
    one.store.subscribe({ problem: (problem) => told.push(problem) });
    await writeFile(target, fileWith('mounted'));
    expect(await one.store.look()).toBe(true);
    expect(namesOf(one)).toEqual(['mounted']);
    expect(told).toEqual([null]);
    expect(one.store.file).toBe(target);
    const backups = await one.store.backups.list();
    expect(backups.filter(({ reason }) => reason === 'edit')).toHaveLength(1);
    await one.add('more');
    expect(await isLink(one.file)).toBe(true);
    expect(await onDisk(target)).toContain('"more"');
  });

  test('and nothing was ever kept is empty, and not written over either', async () => {
    const target = join(await disk(), 'not', 'there', 'registry.json');
    const one = await openStore({ home: await homeWithLink(target) });
    expect(namesOf(one)).toEqual([]);
    await expect(one.add('lost')).rejects.toMatchObject(DANGLING);
    expect(await isLink(one.file)).toBe(true);
  });

  test.each(['a circle', 'below a file'])('into %s is one that leads nowhere', async (where) => {
    const file = await disk('other');
    const home = await temporaryDirectory();
    const link = join(home, 'registry.json');
    await symlink(where === 'a circle' ? link : join(file, 'registry.json'), link);
    const one = await openStore({ home });
    expect(one.store.problem).toMatchObject({ kind: 'dangling_link' });
    await expect(one.add('lost')).rejects.toMatchObject(DANGLING);
    await relink(file, link);
    await one.store.look();
    expect(namesOf(one)).toEqual(['other']);
    expect(one.store.problem).toBeNull();
  });
});

describe('a link that breaks while the store runs', () => {
  test('refuses changes for as long as it leads nowhere, and is never taken for a deletion', async () => {
    const target = await disk('a');
    const one = await openStore({ home: await homeWithLink(target) });
    await one.add('b');
    await rename(target, `${target}.away`);
    await expect(one.add('lost')).rejects.toMatchObject(DANGLING);
    // Nor is one seen again and again.
    const told: unknown[] = [];
    one.store.subscribe({ problem: (problem) => told.push(problem) });
    expect(await one.store.look()).toBe(false);
    expect(told).toEqual([]);
    expect(namesOf(one)).toEqual(['a', 'b']);
    await rename(`${target}.away`, target);
    await one.add('c');
    expect(one.store.problem).toBeNull();
    expect(await isLink(one.file)).toBe(true);
    expect(await onDisk(target)).toContain('"c"');
  });

  test('and is removed is a deleted file, which comes back', async () => {
    const target = await disk('a');
    const one = await openStore({ home: await homeWithLink(target) });
    await rm(target);
    await one.store.look();
    await rm(one.file);
    await one.store.look();
    expect(one.store.problem).toMatchObject({ kind: 'deleted_file' });
  });
});

describe('a link that leads elsewhere while the store runs', () => {
  test('takes the file there over as an edit, and changes go there and no longer to the old one', async () => {
    const [first, second] = [await disk('a'), await disk('b')];
    const one = await openStore({ home: await homeWithLink(first) });
    await one.add('one');
    const before = await onDisk(first);
    await relink(second, one.file);
    // The change itself notices; nobody looked before.
    await one.add('two');
    expect(namesOf(one)).toEqual(['b', 'two']);
    expect(await onDisk(first)).toBe(before);
    expect(await onDisk(second)).toContain('"two"');
    expect(one.store.file).toBe(second);
    const edits = (await one.store.backups.list()).filter(({ reason }) => reason === 'edit');
    expect(edits).toHaveLength(1);
    expect((await one.store.backups.read(edits[0]?.name ?? ''))?.toString()).toBe(before);
  });

  test('also in the instant before the rename', async () => {
    const [first, second] = [await disk('a'), await disk('b')];
    const one = await openStore({ home: await homeWithLink(first) });
    const before = await onDisk(first);
    let once = true;
    await one.store.change((draft, now) => {
      // After the look at the file, and before the write.
      if (once) {
        once = false;
        symlinkSync(second, `${one.file}.new`);
        renameSync(`${one.file}.new`, one.file);
      }
      for (const project of draft.projects()) draft.put({ ...project, last_used: now });
    });
    expect(await onDisk(first)).toBe(before);
    expect(await onDisk(second)).toContain('"last_used": "2');
  });

  test('to the same content, as when the file is moved and linked, goes on there', async () => {
    const one = await openStore();
    await one.add('a');
    const moved = join(await temporaryDirectory(), 'moved.json');
    await rename(one.file, moved);
    await symlink(moved, one.file);
    await one.add('b');
    expect(await isLink(one.file)).toBe(true);
    expect(await onDisk(moved)).toContain('"b"');
    expect(one.store.file).toBe(moved);
  });

  test('to a broken file is an invalid edit, of which the old file knows nothing', async () => {
    const [first, second] = [await disk('a'), await disk()];
    await writeFile(second, '{ half');
    const one = await openStore({ home: await homeWithLink(first) });
    await relink(second, one.file);
    await expect(one.add('lost')).rejects.toMatchObject({ data: { problem: { kind: 'invalid_file' } } });
    expect(await onDisk(second)).toBe('{ half');
    await relink(first, one.file);
    await one.add('b');
    expect(await onDisk(first)).toContain('"b"');
  });

  test('to a directory is no file that could be read, and goes on when it leads to a file again', async () => {
    const first = await disk('a');
    const one = await openStore({ home: await homeWithLink(first) });
    await relink(await temporaryDirectory(), one.file);
    await expect(one.add('lost')).rejects.toMatchObject({
      kind: 'storage_failed',
      data: { applied: false, problem: { kind: 'unreadable_file' } },
    });
    await relink(first, one.file);
    await one.add('b');
    expect(one.store.problem).toBeNull();
  });
});

describe('a link and a plain file', () => {
  test('take each other’s place while the store runs', async () => {
    const target = await disk('linked');
    const one = await openStore();
    await one.add('plain');
    await relink(target, one.file);
    await one.add('b');
    expect(namesOf(one)).toEqual(['linked', 'b']);
    await rm(one.file);
    await writeFile(one.file, fileWith('plain again'));
    await one.add('c');
    expect(namesOf(one)).toEqual(['plain again', 'c']);
    expect(await isLink(one.file)).toBe(false);
    expect(one.store.file).toBe(one.file);
    expect(await onDisk(target)).not.toContain('"c"');
  });
});

describe('a link is followed', () => {
  test('through another link, and when it is relative', async () => {
    const target = await disk('a');
    const home = await temporaryDirectory();
    await symlink(target, join(home, 'second.json'));
    await symlink('second.json', join(home, 'registry.json'));
    const one = await openStore({ home });
    await one.add('b');
    expect(await isLink(one.file)).toBe(true);
    expect(await isLink(join(home, 'second.json'))).toBe(true);
    expect(await onDisk(target)).toContain('"b"');
    // The second of them is the one that changes.
    const other = await disk('c');
    await relink(other, join(home, 'second.json'));
    await one.add('d');
    expect(namesOf(one)).toEqual(['c', 'd']);
    expect(await onDisk(other)).toContain('"d"');
    expect(await onDisk(target)).not.toContain('"d"');
  });

  test('on the way to the data directory, also when that leads elsewhere while the store runs', async () => {
    const [first, second] = [await temporaryDirectory(), await temporaryDirectory()];
    await writeFile(join(second, 'registry.json'), fileWith('elsewhere'));
    const home = join(await temporaryDirectory(), 'data');
    await symlink(first, home);
    const one = await openStore({ home });
    await one.add('a');
    expect(one.store.file).toBe(join(first, basename(one.file)));
    const before = await onDisk(join(first, 'registry.json'));
    await relink(second, home);
    await one.add('b');
    expect(namesOf(one)).toEqual(['elsewhere', 'b']);
    expect(await onDisk(join(first, 'registry.json'))).toBe(before);
    expect(one.store.file).toBe(join(second, 'registry.json'));
  });
});
