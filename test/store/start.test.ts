import { writeFileSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../support/home.ts';
import { asOrdinaryUser, fileWith, openStore, withMode } from '../support/store.ts';

const BAD = '{ "version": "1.2",\n "projects": [';

async function homeWith(files: Readonly<Record<string, string>>): Promise<string> {
  const home = await temporaryDirectory();
  await mkdir(join(home, 'backups'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(home, name), text);
  return home;
}

const names = (store: { registry: { projects(): Iterable<{ name: string }> } }): string[] =>
  [...store.registry.projects()].map(({ name }) => name);

describe('a start with nothing', () => {
  test('is empty, without a problem, and writes nothing until there is something to write', async () => {
    const { store, home } = await openStore();
    expect(store.registry.size).toBe(0);
    expect(store.problem).toBeNull();
    expect(await readdir(home)).toEqual(['backups']);
  });

  test('makes directories for the user alone', async () => {
    const home = join(await temporaryDirectory(), 'deep', 'down');
    const { backups } = await openStore({ home });
    for (const path of [join(home, '..'), home, backups])
      expect((await lstat(path)).mode & 0o777).toBe(0o700);
  });
});

describe('a start with a good file', () => {
  test('takes it as it is and does not write it', async () => {
    const text = JSON.stringify(JSON.parse(fileWith('one', 'two')));
    const { store, file } = await openStore({ home: await homeWith({ 'registry.json': text }) });
    expect(names(store)).toEqual(['one', 'two']);
    await store.close();
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  test('removes what an interrupted write left behind, and nothing else', async () => {
    const home = await homeWith({
      'registry.json': fileWith('one'),
      'registry.json.staged': '{',
      'registry.json.staged.4711': '{',
      'registry.json.0123456789ab.staged': '{',
      'registry.json.0123456789ab.staged.4711': '{',
      'registry.json.1234567': 'not of this program’s making',
      'other.json.staged': 'x',
    });
    await openStore({ home });
    expect((await readdir(home)).toSorted()).toEqual([
      'backups',
      'other.json.staged',
      'registry.json',
      'registry.json.1234567',
    ]);
  });

  test('goes on where a directory has the name of a staged file, which is in nobody’s way', async () => {
    const home = await homeWith({ 'registry.json': fileWith('one') });
    const inTheWay = join(home, 'registry.json.staged');
    await mkdir(inTheWay);
    await mkdir(join(home, 'backups', 'registry-last-good.json.staged'));
    await writeFile(join(inTheWay, 'precious'), '');
    const { store, add, log, namesOnDisk } = await openStore({ home });
    expect(names(store)).toEqual(['one']);
    expect(log.filter(({ msg }) => msg?.startsWith('cannot remove'))).toHaveLength(2);
    await add('two');
    expect(await namesOnDisk()).toEqual(['one', 'two']);
    expect(await readdir(inTheWay)).toEqual(['precious']);
  });

  test('behind a link writes where the link leads, and the link stays', async () => {
    const elsewhere = await homeWith({ 'shared.json': fileWith('one') });
    const home = await homeWith({});
    await symlink(join(elsewhere, 'shared.json'), join(home, 'registry.json'));
    const { store, add } = await openStore({ home });
    await add('two');
    expect(store.file).toBe(join(elsewhere, 'shared.json'));
    expect((await lstat(join(home, 'registry.json'))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(elsewhere, 'shared.json'), 'utf8')).toContain('"two"');
    expect((await readdir(elsewhere)).toSorted()).toEqual(['backups', 'shared.json']);
  });
});

describe('a start with a bad file', () => {
  test('moves it aside and loads the newest good backup, which is written back', async () => {
    const home = await homeWith({
      'registry.json': BAD,
      'backups/registry-20260301T100000.000Z-edit.json': fileWith('old'),
      'backups/registry-20260301T110000.000Z-edit.json': fileWith('new'),
      'backups/registry-20260301T120000.000Z-corrupt.json': '{',
    });
    const { store, log, namesOnDisk, backups } = await openStore({ home });
    expect(names(store)).toEqual(['new']);
    expect(await namesOnDisk()).toEqual(['new']);
    expect(store.readOnly).toBe(false);
    expect(store.problem).toMatchObject({
      kind: 'recovered',
      message: expect.stringMatching(/line 2, column 15.*backups\/registry-.*-corrupt\.json.*1 project from/),
    });
    expect(log).toContainEqual(expect.objectContaining({ level: 40, msg: store.problem?.message }));
    const kept = (await readdir(backups)).filter((name) => name.endsWith('-corrupt.json')).toSorted();
    expect(await readFile(join(backups, String(kept[1])), 'utf8')).toBe(BAD);
  });

  test('and no backup begins empty, and says so', async () => {
    const { store, add, backups, namesOnDisk } = await openStore({
      home: await homeWith({ 'registry.json': BAD }),
    });
    expect(store.registry.size).toBe(0);
    expect(store.problem).toMatchObject({ kind: 'recovered', message: expect.stringContaining('is empty') });
    expect(await readdir(backups)).toEqual([expect.stringMatching(/^registry-\d{8}T.*-corrupt\.json$/)]);
    await add('one');
    expect(await namesOnDisk()).toEqual(['one']);
  });

  test('reads it again after a moment: somebody may be saving it', async () => {
    const home = await homeWith({ 'registry.json': BAD });
    const file = join(home, 'registry.json');
    let reads = 0;
    // The clock is asked when the bytes have been read.
    const now = (): string => {
      reads += 1;
      // And the rest comes a moment later.
      if (reads === 1) setTimeout(() => writeFileSync(file, fileWith('saved')), 30);
      return new Date().toISOString();
    };
    const { store, backups } = await openStore({ home, now });
    expect(names(store)).toEqual(['saved']);
    expect(store.problem).toBeNull();
    expect((await readdir(backups)).filter((name) => name.includes('corrupt'))).toEqual([]);
  });

  test('stays where it is when it cannot be told what would take its place', async () => {
    const first = await openStore();
    await first.add('one');
    await first.store.close();
    await writeFile(first.file, '{');
    const copy = join(first.backups, 'registry-last-good.json');
    await asOrdinaryUser([first.home, first.backups, first.file, copy], () =>
      withMode(copy, 0o000, () =>
        expect(openStore({ home: first.home })).rejects.toMatchObject({ code: 'EACCES', path: copy }),
      ),
    );
    expect(await readFile(first.file, 'utf8')).toBe('{');
    expect(await readdir(first.backups)).toEqual(['registry-last-good.json']);
  });

  test('behind a link into another directory moves that one aside', async () => {
    const elsewhere = await homeWith({ 'shared.json': BAD });
    const home = await homeWith({ 'backups/registry-last-good.json': fileWith('good') });
    await symlink(join(elsewhere, 'shared.json'), join(home, 'registry.json'));
    const { store } = await openStore({ home });
    expect(names(store)).toEqual(['good']);
    expect(await readFile(join(elsewhere, 'shared.json'), 'utf8')).toContain('good');
  });

  test('behind a link to another disk moves that one aside too', async ({ skip }) => {
    const home = await homeWith({});
    const elsewhere = await mkdtemp('/dev/shm/gardener-').catch(() => null);
    if (elsewhere === null) return skip('there is no /dev/shm here to be another disk');
    onTestFinished(() => rm(elsewhere, { recursive: true }));
    const file = join(elsewhere, 'registry.json');
    await writeFile(file, BAD);
    if ((await lstat(file)).dev === (await lstat(home)).dev) return skip('/dev/shm is no other disk here');
    await symlink(file, join(home, 'registry.json'));
    const { backups, add } = await openStore({ home });
    const [kept] = await readdir(backups);
    expect(await readFile(join(backups, String(kept)), 'utf8')).toBe(BAD);
    await add('one');
    expect(await readFile(file, 'utf8')).toContain('"one"');
  });

  test('keeps the problem until somebody mends the file', async () => {
    const { store, file } = await openStore({ home: await homeWith({ 'registry.json': BAD }) });
    await writeFile(file, fileWith('mended'));
    await store.look();
    expect(store.problem).toBeNull();
  });
});

describe('a start without a file', () => {
  test('where there was one brings the last good content back', async () => {
    const home = await homeWith({ 'backups/registry-last-good.json': fileWith('one', 'two') });
    const { store, namesOnDisk } = await openStore({ home });
    expect(store.problem).toMatchObject({ kind: 'recovered', message: expect.stringContaining('was gone') });
    expect(await namesOnDisk()).toEqual(['one', 'two']);
    expect(store.readOnly).toBe(false);
  });

  test('after a life of one store brings back what that one had', async () => {
    const first = await openStore();
    await first.add('one');
    await first.store.close();
    await rm(first.file);
    const { store } = await openStore({ home: first.home });
    expect(names(store)).toEqual(['one']);
  });

  test('after a life of one store that changed nothing brings back what that one found', async () => {
    const home = await homeWith({
      'registry.json': fileWith('edited'),
      'backups/registry-last-good.json': fileWith('before'),
    });
    const first = await openStore({ home });
    await first.store.close();
    await rm(first.file);
    const { store } = await openStore({ home });
    expect(names(store)).toEqual(['edited']);
  });
});

test('a file that may not be read is an error, not an empty registry', async () => {
  const home = await homeWith({});
  await mkdir(join(home, 'registry.json'));
  await expect(openStore({ home })).rejects.toThrow('is no regular file');
});
