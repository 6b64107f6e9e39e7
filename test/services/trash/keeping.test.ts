/** What was taken away is kept, can be put back, and goes when its time has come. */
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { doomedName } from '../../../src/domain/values/trash-names.ts';
import { resolvePaths } from '../../../src/paths.ts';
import { createLanes } from '../../../src/services/lane.ts';
import { UnmovableError } from '../../../src/services/trash/place.ts';
import { Trash } from '../../../src/services/trash/trash.ts';
import { capturedLog } from '../../support/daemon.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { asOrdinaryUser, idOf, openStore } from '../../support/store.ts';
import { makeOlder, thrownAway } from '../../support/trash.ts';
import { until } from '../../support/until.ts';

const ID = idOf('a');
const never = () => false;

let opened: Awaited<ReturnType<typeof openStore>>;
let paths: ReturnType<typeof resolvePaths>;
let own: string;

beforeEach(async () => {
  opened = await openStore();
  paths = resolvePaths({ dataDir: opened.home }, {});
  own = join(paths.projectsDir, ID);
  await mkdir(join(own, 'trainings', '7'), { recursive: true, mode: 0o700 });
  await writeFile(join(own, 'adapter'), 'weights');
});

/** The trash of one daemon. */
function trashOf(): Trash {
  const { log } = capturedLog();
  const trash = new Trash({ paths, store: opened.store, lane: createLanes().projects, log });
  onTestFinished(() => trash.close());
  return trash;
}

test('what a removal had to leave is noted in no place that a link leads to', async () => {
  const elsewhere = join(opened.home, 'elsewhere');
  await mkdir(elsewhere);
  const theirs = join(elsewhere, `${ID}.left`);
  await writeFile(theirs, 'theirs');
  await symlink(elsewhere, paths.trashDir);
  const trash = trashOf();
  expect(await trash.left()).toEqual([]);
  expect((await trash.discard(ID)).left?.path).toBe(own);
  expect(await readFile(theirs, 'utf8')).toBe('theirs');
  expect(await readdir(elsewhere)).toEqual([`${ID}.left`]);
});

describe('what is put back', () => {
  async function discarded(): Promise<{ trash: Trash; place: string }> {
    const trash = trashOf();
    const { place } = await trash.discard(ID);
    expect(await readdir(paths.projectsDir)).toEqual([]);
    return { trash, place: String(place) };
  }

  test('is whole again, also in the place of a directory with nothing in it', async () => {
    const { trash, place } = await discarded();
    expect(await trash.find(ID)).toBe(place);
    await mkdir(own);
    await trash.putBack(place, ID);
    expect(await readFile(join(own, 'adapter'), 'utf8')).toBe('weights');
    expect(await thrownAway(paths.trashDir)).toEqual([]);
    expect(await trash.find(ID)).toBeNull();
  });

  test.for<readonly [what: string, make: (path: string) => Promise<unknown>]>([
    ['a directory with something in it', (path) => mkdir(join(path, 'new'), { recursive: true })],
    ['a file', (path) => writeFile(path, '')],
    ['a link', (path) => symlink('/tmp', path)],
  ])('never takes the place of %s', async ([, make]) => {
    const { trash, place } = await discarded();
    await make(own);
    await expect(trash.putBack(place, ID)).rejects.toThrow(UnmovableError);
    await expect(trash.putBack(place, ID)).rejects.toThrow(`something is at ${own}`);
    expect(await readFile(join(place, 'adapter'), 'utf8')).toBe('weights');
  });

  test('is a link as well, but not in the place of another thing, which a link would replace', async () => {
    const trash = trashOf();
    await symlink('elsewhere', join(paths.projectsDir, 'led'));
    const { place, left } = await trash.discard('led');
    expect(left).toEqual({
      path: join(paths.projectsDir, 'elsewhere'),
      reason: 'a link led there, and nothing is deleted through one',
    });
    await writeFile(join(paths.projectsDir, 'led'), 'precious');
    await expect(trash.putBack(String(place), 'led')).rejects.toThrow(UnmovableError);
    await trash.putBack(String(place), 'back');
    expect(await readdir(paths.projectsDir)).toEqual(expect.arrayContaining(['back', 'led']));
    expect(await readFile(join(paths.projectsDir, 'led'), 'utf8')).toBe('precious');
  });

  test('is what is kept in the trash, and under projects/', async () => {
    const { trash, place } = await discarded();
    const elsewhere = await temporaryDirectory();
    const others = [join(paths.trashDir, 'mine'), doomedName(place), join(elsewhere, 'x-0a1b2c3d'), own];
    for (const other of others) {
      await mkdir(other, { recursive: true });
      await expect(trash.putBack(other, 'b')).rejects.toThrow('is not kept in the trash');
    }
    for (const name of ['..', '../b', '', 'a/b'])
      await expect(trash.putBack(place, name)).rejects.toThrow(UnmovableError);
    expect(await readdir(place)).toContain('adapter');
  });

  test('is the one that went last, of several', async () => {
    const { trash, place } = await discarded();
    const [earlier, older] = ['20200102T030405Z-ffffffff', 'ffffffff'].map((end) =>
      join(paths.trashDir, `${ID}-${end}`),
    );
    for (const other of [earlier, older]) await mkdir(String(other));
    await mkdir(join(paths.trashDir, `${ID}.trainings.9-20990102T030405Z-0a1b2c3d`));
    expect(await trash.find(ID)).toBe(place);
  });
});

describe('of what is in a directory of a project', () => {
  test('one is taken away alone, unless it is needed when no change can come between', async () => {
    const trash = trashOf();
    expect(await trash.discardWithin(ID, ['trainings', '7'], () => true)).toEqual({
      place: null,
      left: null,
    });
    expect(await readdir(join(own, 'trainings'))).toEqual(['7']);
    const { place, left } = await trash.discardWithin(ID, ['trainings', '7'], never);
    expect(left).toBeNull();
    expect(await readdir(join(own, 'trainings'))).toEqual([]);
    expect([String(place)]).toEqual(
      (await thrownAway(paths.trashDir)).map((name) => join(paths.trashDir, name)),
    );
    expect(await trash.discardWithin(ID, ['trainings', '7'], never)).toEqual({ place: null, left: null });
    // It is no project's directory that could not be deleted.
    expect(await trash.left()).toEqual([]);
  });

  test.for(['led/trainings', 'led'])('nothing is taken through a link at %s', async (place) => {
    const trash = trashOf();
    const elsewhere = await temporaryDirectory();
    await mkdir(join(elsewhere, 'trainings', '7'), { recursive: true });
    await mkdir(join(elsewhere, '7'));
    const link = join(paths.projectsDir, place);
    await mkdir(join(link, '..'), { recursive: true });
    await symlink(elsewhere, link);
    expect(await trash.discardWithin('led', ['trainings', '7'], never)).toEqual({
      place: null,
      left: {
        path: join(paths.projectsDir, 'led', 'trainings', '7'),
        reason: `${link} is a link, and nothing is deleted through one`,
      },
    });
    expect(await readdir(elsewhere)).toEqual(['7', 'trainings']);
  });

  test('nothing is taken that leads out of it', async () => {
    const trash = trashOf();
    await mkdir(join(opened.home, 'precious'));
    const { left } = await trash.discardWithin(ID, ['..', '..', 'precious'], never);
    expect(left?.reason).toContain('leads elsewhere');
    expect(await readdir(opened.home)).toContain('precious');
  });
});

test('what is due and cannot be deleted is told, and a repair tries again', async () => {
  await mkdir(join(own, 'v'));
  await writeFile(join(own, 'v', 'x'), '');
  await chmod(join(own, 'v'), 0o333);
  const first = trashOf();
  const { place } = await first.discard(ID);
  await until(async () => (await readdir(paths.trashDir)).includes('ages.json'), 'its age is counted');
  first.close();
  await makeOlder(paths.trashDir);
  const doomed = doomedName(String(place));
  const { trashDir, projectsDir } = paths;
  const all = [opened.home, projectsDir, trashDir, join(trashDir, 'ages.json')];
  all.push(String(place), join(String(place), 'v'));
  const trash = await asOrdinaryUser(all, async () => {
    const next = trashOf();
    await until(async () => (await next.left()).length > 0, 'it could not be deleted');
    return next;
  });
  expect(await trash.left()).toEqual([{ path: doomed, reason: 'permission denied (v)' }]);
  await chmod(join(doomed, 'v'), 0o755);
  await trash.tryAgain(doomed);
  expect(await trash.left()).toEqual([]);
  expect(await thrownAway(paths.trashDir)).toEqual([]);
});

test('a trash that is a link is not looked into', async () => {
  const elsewhere = await temporaryDirectory();
  await mkdir(join(elsewhere, `${ID}-20260102T030405Z-0a1b2c3d.deleting`));
  await symlink(elsewhere, paths.trashDir);
  const { log, lines } = capturedLog();
  const trash = new Trash({ paths, store: opened.store, lane: createLanes().projects, log });
  onTestFinished(() => trash.close());
  await until(() => JSON.stringify(lines).includes('cannot look into the trash'), 'it has tried');
  expect(await readdir(elsewhere)).toHaveLength(1);
  expect(await trash.discard(ID)).toMatchObject({ place: null, left: { path: own } });
});
