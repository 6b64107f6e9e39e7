import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { LAST_GOOD_DELAY_MS, LastGood } from '../../../src/store/backups/last-good.ts';
import { startGardenerd } from '../../faults/support/gardenerd.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { asOrdinaryUser, fileWith, openStore, type OpenStore, withMode } from '../../support/store.ts';
import { until } from '../../support/until.ts';

const copyOf = ({ backups }: OpenStore): string => join(backups, 'registry-last-good.json');

describe('the copy of the committed content', () => {
  test('is made ten seconds after the first change that it lacks, however many follow', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const made: number[] = [];
    const start = Date.now();
    const copy = new LastGood(async () => void made.push(Date.now() - start));
    for (let second = 0; second < 60; second += 5) {
      copy.schedule();
      await vi.advanceTimersByTimeAsync(5_000);
    }
    expect(made).toEqual([10, 20, 30, 40, 50, 60].map((seconds) => seconds * 1_000));
    expect(LAST_GOOD_DELAY_MS).toBe(10_000);
  });

  test('that could not be made is still due, and whoever needs it is told', async () => {
    let full = true;
    let made = 0;
    const copy = new LastGood(async () => {
      if (full) throw new Error('full');
      made += 1;
    });
    copy.schedule();
    await expect(copy.flush()).rejects.toThrow('full');
    full = false;
    await copy.flush();
    await copy.flush();
    expect(made).toBe(1);
  });

  test('is up to date before anything else becomes a backup', async () => {
    const one = await openStore();
    await one.add('a');
    const before = await readFile(one.file, 'utf8');
    await writeFile(one.file, fileWith('edited'));
    await one.store.look();
    expect(await readFile(copyOf(one), 'utf8')).toBe(before);
    await one.add('b');
    const good = await readFile(one.file, 'utf8');
    await writeFile(one.file, '{');
    await one.store.look();
    expect(await readFile(copyOf(one), 'utf8')).toBe(good);
  });

  test('is up to date before a restore and a migration make their backups', async () => {
    const one = await openStore();
    await one.add('a');
    await writeFile(one.file, fileWith('b'));
    await one.store.look();
    const edit = (await one.store.backups.list()).find(({ reason }) => reason === 'edit');
    await one.add('c');
    const before = await readFile(one.file, 'utf8');
    await one.store.restore(edit?.name ?? '');
    expect(await readFile(copyOf(one), 'utf8')).toBe(before);
    await writeFile(one.file, fileWith('old').replace('"1.2"', '"1.0"'));
    await one.store.look();
    await one.add('d');
    expect(await readdir(one.backups)).toContainEqual(expect.stringMatching(/-migration\.json$/));
    expect(JSON.stringify(JSON.parse(await readFile(copyOf(one), 'utf8')))).toContain('"old"');
  });
});

describe('a start', () => {
  test('brings the copy up to date at once, however often a daemon is killed', async () => {
    const dataDir = await temporaryDirectory();
    const names: string[] = [];
    let daemon = await startGardenerd({ dataDir });
    for (const name of ['a', 'b', 'c']) {
      const client = await daemon.connect();
      await client.call('projects.register', { name, source_path: dataDir });
      await daemon.kill();
      names.push(name);
      daemon = await startGardenerd({ dataDir });
      const started = performance.now();
      const good = await readFile(daemon.paths.registryFile, 'utf8');
      const copy = join(daemon.paths.backupsDir, 'registry-last-good.json');
      await until(async () => (await readFile(copy, 'utf8').catch(() => '')) === good, 'the copy is made');
      // Not when the time has come that a change may wait for it; a machine that stalls may take some of that.
      expect(performance.now() - started).toBeLessThan(LAST_GOOD_DELAY_MS - 1_000);
    }
    await daemon.kill();
    await writeFile(daemon.paths.registryFile, 'spoilt');
    const last = await (await startGardenerd({ dataDir })).connect();
    expect(await last.call('projects.count')).toBe(names.length);
  });

  test('does not write the copy again that is as it should be', async () => {
    const one = await openStore();
    await one.add('a');
    await one.store.close();
    const { ino } = await stat(copyOf(one));
    await (await openStore({ home: one.home })).store.close();
    expect((await stat(copyOf(one))).ino).toBe(ino);
  });
});

describe('a copy that has what the file lacks at a start', () => {
  const edits = async ({ backups }: OpenStore): Promise<string[]> =>
    (await readdir(backups)).filter((name) => name.endsWith('-edit.json'));

  test.for([
    ['a project', fileWith('a')],
    ['a project, for a program of version 1.0', fileWith('a').replace('"1.2"', '"1.0"')],
    ['a value', fileWith('a', 'b').replace('"/src/b"', '"/elsewhere"')],
    ['a name', fileWith('a', 'c')],
    ['the order', fileWith('b', 'a')],
  ] as const)('becomes a backup before it is written over: %s', async ([, edited]) => {
    const one = await openStore();
    await one.add('a');
    await one.add('b');
    await one.store.close();
    const good = await readFile(copyOf(one), 'utf8');
    await writeFile(one.file, edited);
    const next = await openStore({ home: one.home });
    await next.store.close();
    const [kept, ...more] = await edits(next);
    expect(await readFile(join(next.backups, String(kept)), 'utf8')).toBe(good);
    expect(more).toEqual([]);
    expect(await readFile(copyOf(next), 'utf8')).not.toBe(good);
    // Once, and not at each start.
    await (await openStore({ home: one.home })).store.close();
    expect(await edits(next)).toEqual([kept]);
  });

  test('and cannot be read is kept as it is', async () => {
    const one = await openStore();
    await one.add('a');
    await one.store.close();
    await writeFile(copyOf(one), '{ "precious": ');
    const next = await openStore({ home: one.home });
    await next.store.close();
    const kept = (await readdir(one.backups)).find((name) => name.endsWith('-corrupt.json'));
    expect(await readFile(join(one.backups, String(kept)), 'utf8')).toBe('{ "precious": ');
    expect(await readFile(copyOf(one), 'utf8')).toBe(await readFile(one.file, 'utf8'));
  });

  test('stays what it is for as long as that backup cannot be made', async () => {
    const one = await openStore();
    await one.add('a');
    await one.add('b');
    await one.store.close();
    const good = await readFile(copyOf(one), 'utf8');
    await writeFile(one.file, fileWith('a'));
    const next = await openStore({ home: one.home });
    await asOrdinaryUser([one.home, one.backups, one.file, copyOf(one)], () =>
      withMode(one.backups, 0o500, () => next.store.close()),
    );
    expect(await readFile(copyOf(one), 'utf8')).toBe(good);
  });

  test('only a backup of what was there, not one for each project that was added before a crash', async () => {
    const one = await openStore();
    await one.add('a');
    await one.store.close();
    const first = await readFile(copyOf(one));
    const more = await openStore({ home: one.home });
    await more.add('b');
    await more.store.close();
    await writeFile(copyOf(one), first);
    const next = await openStore({ home: one.home });
    await next.store.close();
    expect(await readdir(one.backups)).toEqual(['registry-last-good.json']);
    expect(await readFile(copyOf(one), 'utf8')).toContain('"b"');
  });
});

test('a file that is spoilt after a crash comes back as it was, not as a clock that was wrong once had it', async () => {
  let now = '2031-05-05T00:00:00.000Z';
  const one = await openStore({ now: () => now });
  await one.add('first');
  await writeFile(one.file, fileWith('edited while the clock was wrong'));
  await one.store.look();
  now = '2026-05-05T00:00:00.000Z';
  await one.add('after');
  await writeFile(one.file, fileWith('edited', 'after'));
  await one.store.look();
  await one.add('last');
  const good = await readFile(one.file, 'utf8');
  // The state of the last ten seconds is in the copy once that is made.
  await one.store.close();
  await writeFile(one.file, '{ spoilt');
  const again = await openStore({ home: one.home });
  expect(await readFile(again.file, 'utf8')).toBe(good);
  expect(again.store.problem?.message).toContain('registry-last-good.json');
  // And where the copy is spoilt as well, what was made last is what comes back.
  await again.store.close();
  await writeFile(again.file, '{ spoilt');
  await writeFile(copyOf(again), '{ spoilt');
  const third = await openStore({ home: one.home });
  expect([...third.store.registry.projects()].map(({ name }) => name)).toEqual([
    'edited while the clock was wrong',
    'after',
  ]);
});
