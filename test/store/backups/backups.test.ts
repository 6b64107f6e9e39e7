import { execFile } from 'node:child_process';
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Backups, MAX_BACKUPS } from '../../../src/store/backups/backups.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { asOrdinaryUser, fileWith, openStore } from '../../support/store.ts';

function fail(error: unknown): never {
  throw error;
}

async function emptyBackups(): Promise<Backups> {
  const backups = new Backups(join(await temporaryDirectory(), 'backups'));
  await backups.prepare(fail);
  return backups;
}

/** A second later with each call. */
function clock(start = '2026-03-01T10:00:00.000Z'): () => string {
  let time = Date.parse(start);
  return () => new Date((time += 1_000)).toISOString();
}

const content = (name: string): Buffer => Buffer.from(fileWith(name));

describe('a backup', () => {
  test('is named after its time and reason, and listed newest first', async () => {
    const backups = await emptyBackups();
    await backups.keep(content('one'), 'edit', '2026-03-01T10:00:00.123Z');
    await backups.keep(content('two'), 'fault', '2026-03-01T10:00:01.000Z');
    expect(await backups.list()).toMatchObject([
      {
        name: 'registry-20260301T100001.000Z-fault.json',
        created_at: '2026-03-01T10:00:01.000Z',
        reason: 'fault',
      },
      {
        name: 'registry-20260301T100000.123Z-edit.json',
        created_at: '2026-03-01T10:00:00.123Z',
        reason: 'edit',
        bytes: content('one').length,
      },
    ]);
  });

  test('does not take the place of another of the same instant, and comes after it', async () => {
    const backups = await emptyBackups();
    const now = '2026-03-01T10:00:00.000Z';
    for (const name of ['a', 'b', 'c']) await backups.keep(content(name), 'edit', now);
    await backups.keep(content('d'), 'corrupt', now);
    const kept = await Promise.all((await backups.list()).map(({ name }) => backups.read(name)));
    expect(kept).toHaveLength(4);
    expect(kept.filter((bytes) => bytes?.equals(content('d')))).toHaveLength(1);
    const edits = (await backups.list()).filter(({ reason }) => reason === 'edit');
    const texts = await Promise.all(edits.map(async ({ name }) => String(await backups.read(name))));
    expect(texts).toEqual(['c', 'b', 'a'].map((name) => fileWith(name)));
  });

  test('is one of at most 20, of which the oldest go first; the last good content stays', async () => {
    const backups = await emptyBackups();
    const now = clock();
    await backups.keepLastGood(content('good'));
    const names: string[] = [];
    for (let count = 0; count < MAX_BACKUPS + 5; count += 1) {
      names.push(await backups.keep(content(`p${count}`), 'edit', now()));
    }
    const left = await readdir(backups.directory);
    expect(left).toHaveLength(MAX_BACKUPS);
    expect(left).toContain('registry-last-good.json');
    expect(left.filter((name) => name !== 'registry-last-good.json').toSorted()).toEqual(
      names.slice(-(MAX_BACKUPS - 1)),
    );
  });

  test('that was just made stays, also when the clock was put back', async () => {
    const backups = await emptyBackups();
    const now = clock();
    for (let count = 0; count < MAX_BACKUPS; count += 1) await backups.keep(content('later'), 'edit', now());
    const name = await backups.keep(content('new'), 'fault', '2020-01-01T00:00:00.000Z');
    expect(await backups.read(name)).toEqual(content('new'));
  });

  test('can only be read by its own name, from its own directory', async () => {
    const backups = await emptyBackups();
    await writeFile(join(backups.directory, '..', 'registry-outside.json'), 'secret');
    await writeFile(join(backups.directory, 'settings.json'), 'another program’s');
    await mkdir(join(backups.directory, 'registry-directory.json'));
    await promisify(execFile)('mkfifo', [join(backups.directory, 'registry-pipe.json')]);
    for (const name of [
      '../registry-outside.json',
      'registry-/../../registry-outside.json',
      'settings.json',
      'registry-directory.json',
      'registry-pipe.json',
      'registry-absent.json',
      '',
    ]) {
      expect(await backups.read(name), name).toBeNull();
    }
  });
});

describe('other programs’ files in the directory', () => {
  test('are neither listed nor pruned nor taken, conflicted copies of ours among them', async () => {
    const backups = await emptyBackups();
    const theirs = [
      'settings-1.json',
      'registry-20990101T000000.000Z-edit (conflicted copy).json',
      'registry-20990101T000000.000Z-edit.sync-conflict-20260101.json',
      'registry-last-good (1).json',
      'registry-mine.json',
      'registry.json',
      'registry-old.txt',
      'xregistry-1.json',
      'notes.staged',
    ];
    for (const name of theirs) await writeFile(join(backups.directory, name), content('theirs'));
    await backups.prepare(fail);
    expect(await backups.newestGood('')).toBeNull();
    const now = clock();
    for (let count = 0; count < MAX_BACKUPS + 2; count += 1) await backups.keep(content('a'), 'edit', now());
    expect(await readdir(backups.directory)).toEqual(expect.arrayContaining(theirs));
    const names = (await backups.list()).map(({ name }) => name);
    expect(names).toHaveLength(MAX_BACKUPS - 1);
    expect(names.filter((name) => theirs.includes(name))).toEqual([]);
  });
});

describe('the newest good backup', () => {
  test('is the newest that can be read as a registry', async () => {
    const backups = await emptyBackups();
    const now = clock();
    await backups.keep(content('old'), 'edit', now());
    await backups.keep(content('good'), 'edit', now());
    await backups.keep(Buffer.from('{ half'), 'corrupt', now());
    await backups.keep(Buffer.from(fileWith('newer').replace('"1.2"', '"9.0"')), 'edit', now());
    const newest = await backups.newestGood(now());
    expect(newest?.registry.named('good')).toBeDefined();
  });

  test('is the last good content where that is whole, whatever the clock was when others were made', async () => {
    const backups = await emptyBackups();
    await backups.keepLastGood(content('last good'));
    const file = join(backups.directory, 'registry-last-good.json');
    await utimes(file, new Date(), new Date('2001-01-01T00:00:00.000Z'));
    await backups.keep(content('early'), 'edit', '2000-01-01T00:00:00.000Z');
    await writeFile(
      join(backups.directory, 'registry-20990101T000000.000Z-edit.json'),
      content('wrong clock'),
    );
    expect((await backups.newestGood(''))?.name).toBe('registry-last-good.json');
    await writeFile(file, '{ half');
    expect((await backups.newestGood(''))?.registry.named('wrong clock')).toBeDefined();
  });

  test('is the one that was made last, however the clock jumps between them', async () => {
    const backups = await emptyBackups();
    const clocks = ['2026-03-01T10:00:00.000Z', '2030-01-01T00:00:00.000Z', '1970-01-01T00:00:01.000Z'];
    const names: string[] = [];
    for (const [n, now] of [...clocks, ...clocks].entries()) {
      names.push(await backups.keep(content(`p${n}`), 'edit', now));
      expect((await backups.newestGood(''))?.registry.named(`p${n}`)).toBeDefined();
    }
    expect((await backups.list()).map(({ name }) => name)).toEqual(names.toReversed());
    // The date that people see is not that of a clock that was wrong once.
    const [newest] = await backups.list();
    expect(Date.parse(newest?.created_at ?? '')).toBeLessThan(Date.parse('2030-01-01T00:00:00.000Z'));
  });

  test('is the one that was made last, also where a name leaves no number for the next', async () => {
    const backups = await emptyBackups();
    const last = 'registry-20990101T000000.999Z-999999999999999-edit.json';
    await writeFile(join(backups.directory, last), content('far'));
    const names: string[] = [];
    for (const name of ['p0', 'p1']) {
      names.unshift(await backups.keep(content(name), 'edit', '2026-03-01T10:00:00.000Z'));
      expect((await backups.newestGood(''))?.registry.named(name)).toBeDefined();
    }
    expect((await backups.list()).map(({ name }) => name)).toEqual([...names, last]);
  });

  test('is never what an earlier version’s import laid among them, also where nothing else can be read', async () => {
    const backups = await emptyBackups();
    const laid = 'registry-19700101T000000.000Z-4711-import.json';
    await writeFile(join(backups.directory, laid), content('somebody else’s'));
    await writeFile(join(backups.directory, 'registry-last-good.json'), '{');
    expect(await backups.newestGood('')).toBeNull();
    expect((await backups.read(laid))?.toString()).toBe(fileWith('somebody else’s'));
  });

  test('is found beside a link to nowhere, and one that is larger than any registry', async () => {
    const backups = await emptyBackups();
    const now = clock();
    await backups.keep(content('good'), 'edit', now());
    const large = await backups.keep(content('large'), 'edit', now());
    await truncate(join(backups.directory, large), 600 * 1024 * 1024);
    const looping = join(backups.directory, 'registry-20260302T000000.000Z-edit.json');
    await symlink(looping, looping);
    expect((await backups.newestGood(now()))?.registry.named('good')).toBeDefined();
    expect(await backups.describe()).toMatchObject([
      { name: large, project_count: null },
      { project_count: 1 },
    ]);
  });

  test('is not an older one, nor nothing, where a newer one may not be read', async () => {
    const backups = await emptyBackups();
    await backups.keep(content('older'), 'edit', '2026-03-01T10:00:00.000Z');
    await backups.keepLastGood(content('newer'));
    const file = join(backups.directory, 'registry-last-good.json');
    await chmod(file, 0o000);
    await asOrdinaryUser([backups.directory, file], () =>
      expect(backups.newestGood('')).rejects.toMatchObject({ code: 'EACCES' }),
    );
  });

  test('is null where there is none', async () => {
    expect(await new Backups('/nonexistent/backups').newestGood('')).toBeNull();
  });
});

describe('the store', () => {
  test('keeps the committed content as the last good one when it closes', async () => {
    const { store, add, file, backups } = await openStore();
    await add('one');
    await store.close();
    const kept = join(backups, 'registry-last-good.json');
    expect(await readFile(kept)).toEqual(await readFile(file));
    expect((await stat(kept)).mode & 0o777).toBe(0o600);
    // A copy, not a link: editors write in place.
    expect((await stat(kept)).nlink).toBe(1);
  });

  test('removes what interrupted backups left, and follows no link of that name', async () => {
    const home = await temporaryDirectory();
    const backups = join(home, 'backups');
    await mkdir(backups);
    await writeFile(join(home, 'precious'), 'keep me');
    await writeFile(join(backups, 'registry-last-good.json.staged'), '{');
    await writeFile(join(backups, 'registry-last-good.json.staged.123456789'), '{');
    await writeFile(join(backups, 'registry-last-good.json.0123456789ab.staged'), '{');
    await symlink(join(home, 'precious'), join(backups, 'registry-20260101T000000.000Z-edit.json.staged'));
    await openStore({ home });
    expect(await readdir(backups)).toEqual([]);
    expect(await readFile(join(home, 'precious'), 'utf8')).toBe('keep me');
  });
});
