import { readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FileWatch } from '../../../src/store/file/watch.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { until } from '../../support/until.ts';

async function watched(below = ''): Promise<{ file: string; home: string; looks: () => number }> {
  const home = join(await temporaryDirectory(), below);
  await mkdir(home, { recursive: true });
  const file = join(home, 'registry.json');
  await writeFile(file, 'first');
  let count = 0;
  const watch = new FileWatch(file, {
    changed: () => (count += 1),
    failed: (error) => {
      throw error;
    },
  });
  onTestFinished(() => watch.close());
  // The watch is up once it has noticed something.
  await until(async () => {
    await writeFile(file, 'second');
    return count > 0;
  }, 'the watch is up');
  await settled(() => count);
  return { file, home, looks: () => count };
}

/**
 * Waits until a number has stood still for longer than the watcher waits for a quiet moment: in turns of the event loop,
 * as a process that was stopped has much to do once it goes on, and behind whatever the watcher asks of the disk.
 */
async function settled(read: () => number): Promise<void> {
  let last = read();
  let turns = 0;
  await until(async () => {
    await stat('/');
    turns = read() === last ? turns + 1 : 0;
    last = read();
    return turns > 25;
  }, 'the watcher has come to rest');
}

test('an edit in place is noticed', async () => {
  const { file, looks } = await watched();
  const before = looks();
  await writeFile(file, 'third');
  await until(() => looks() > before, 'the edit is noticed');
});

test.for(['back\\slash', 'end\\', 'line\nbreak', 'glo*b[x]{y}'])(
  'and in a directory called %j',
  async (name) => {
    const { file, home, looks } = await watched(name);
    let before = looks();
    await writeFile(file, 'third');
    await until(() => looks() > before, 'the edit is noticed');
    await settled(looks);
    before = looks();
    await writeFile(join(home, 'new'), 'fourth');
    await rename(join(home, 'new'), file);
    await until(() => looks() > before, 'the replacement is noticed');
  },
);

test('the watch does not go deaf after bursts of atomic replacements', async () => {
  const { file, home, looks } = await watched();
  for (let burst = 0; burst < 5; burst += 1) {
    const before = looks();
    for (const part of ['a', 'b', 'c']) {
      await writeFile(join(home, `new-${part}`), `${burst} ${part}`);
      await rename(join(home, `new-${part}`), file);
    }
    await until(() => looks() > before, 'the edit is noticed');
    await settled(looks);
  }
});

test('a file that is removed and made again is noticed both times', async () => {
  const { file, looks } = await watched();
  const before = looks();
  await rm(file);
  await until(() => looks() > before, 'the edit is noticed');
  await settled(looks);
  const removed = looks();
  await writeFile(file, 'again');
  await until(() => looks() > removed, 'the edit is noticed');
});

test('other files in the directory stir nobody', async () => {
  const { home, looks } = await watched();
  const before = looks();
  await writeFile(join(home, 'other.json'), 'x');
  await writeFile(join(home, 'registry.json.staged'), 'x');
  await settled(looks);
  expect(looks()).toBe(before);
});

test('many replacements in a row are one look', async () => {
  // Where the system alone watches, and tells of each.
  const { file, home, looks } = await watched('back\\slash');
  const before = looks();
  // Within a turn: a machine that takes its time between them would make more looks of them, and rightly so.
  for (let count = 0; count < 100; count += 1) {
    writeFileSync(join(home, 'new'), String(count));
    renameSync(join(home, 'new'), file);
  }
  await until(() => looks() > before, 'the edit is noticed');
  await settled(looks);
  expect(looks() - before).toBeLessThan(10);
});

describe('a link', () => {
  /** A watch on a link; `target` is where it leads, as the store finds it by looking. */
  async function linked(): Promise<{ link: string; first: string; second: string; looks: () => number }> {
    const [home, one, two] = await Promise.all([1, 2, 3].map(() => temporaryDirectory()));
    const [link, first, second] = [`${home}/registry.json`, `${one}/a.json`, `${two}/b.json`];
    for (const file of [first, second]) await writeFile(file, 'x');
    await symlink(first, link);
    let count = 0;
    let target = first;
    const watch: FileWatch = new FileWatch(
      link,
      {
        changed() {
          count += 1;
          target = resolve(link, '..', readlinkSync(link));
          void watch.check();
        },
        failed(error) {
          throw error;
        },
      },
      () => target,
    );
    onTestFinished(() => watch.close());
    await until(async () => {
      await writeFile(first, 'y');
      return count > 0;
    }, 'the watch is up');
    await settled(() => count);
    return { link, first, second, looks: () => count };
  }

  test('has what it leads to watched, in another directory', async () => {
    const { first, looks } = await linked();
    const before = looks();
    await writeFile(`${first}.new`, 'z');
    await rename(`${first}.new`, first);
    await until(() => looks() > before, 'the edit is noticed');
  });

  test('that leads elsewhere is noticed, and what is there is watched from then on', async () => {
    const { link, first, second, looks } = await linked();
    // Also one that has the same times as the one before.
    const { atime, mtime } = await stat(first);
    await utimes(second, atime, mtime);
    await settled(looks);
    const before = looks();
    await symlink(second, `${link}.new`);
    await rename(`${link}.new`, link);
    await until(() => looks() > before, 'the link is noticed');
    await settled(looks);
    const relinked = looks();
    await writeFile(`${second}.new`, 'z');
    await rename(`${second}.new`, second);
    await until(() => looks() > relinked, 'the edit is noticed');
  });

  test('that leads nowhere is noticed to lead somewhere again', async () => {
    const { link, first, looks } = await linked();
    const before = looks();
    await symlink(`${first}.later`, `${link}.new`);
    await rename(`${link}.new`, link);
    await until(() => looks() > before, 'the link is noticed');
    await settled(looks);
    const nowhere = looks();
    await writeFile(`${first}.later`, 'z');
    await until(() => looks() > nowhere, 'the file is noticed');
  });
});
