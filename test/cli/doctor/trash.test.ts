/** What the doctor tells of the trash. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkTrash } from '../../../client/cli/doctor/trash.ts';
import { resolvePaths } from '../../../src/paths.ts';
import { temporaryDirectory } from '../../support/home.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 8, 3, 4, 5);

test('how much it holds, for how long yet, and how to be rid of it; nothing of an empty one', async () => {
  const home = join(await temporaryDirectory(), 'my data');
  const paths = resolvePaths({ dataDir: home }, {});
  const told = async (now = NOW) => {
    const found = await checkTrash(paths, now, (path) => path.replace(home, '~'));
    return found.map(({ level, message }) => `${level} ${message.replace(/[\d.]+ KiB/, 'N KiB')}`);
  };
  expect(await told()).toEqual([]);
  await mkdir(join(paths.trashDir, 'mine'), { recursive: true });
  expect(await told()).toEqual([]);
  const older = join(paths.trashDir, 'x-20260104T030405Z-0a1b2c3d');
  for (const path of [older, join(paths.trashDir, 'y-20260107T030405Z-0a1b2c3d')]) {
    await mkdir(path);
    await writeFile(join(path, 'adapter'), Buffer.alloc(100_000));
  }
  const rid = `to be rid of it now: rm -r '${paths.trashDir}'`;
  const kept = 'what was removed is kept for seven days';
  expect(await told()).toEqual([`ok ${kept}, the oldest for 3 days yet: N KiB in ~/trash; ${rid}`]);
  // Whatever was removed by an earlier version, or is due, has no such time.
  expect(await told(NOW + 4 * DAY)).toEqual([`ok ${kept}: N KiB in ~/trash; ${rid}`]);
  await rm(paths.trashDir, { recursive: true });
  await mkdir(join(paths.projectsDir, '.trash', 'x-0a1b2c3d'), { recursive: true });
  expect(await told()).toEqual([
    `ok ${kept}: N KiB in ~/projects/.trash; to be rid of it now: rm -r '${paths.projectsDir}/.trash'`,
  ]);
});
