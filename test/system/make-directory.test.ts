import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeDirectory } from '../../src/system/make-directory.ts';
import { temporaryDirectory } from '../support/home.ts';

describe('a directory', () => {
  test('is made with those above it, for the user alone', async () => {
    const home = await temporaryDirectory();
    makeDirectory(join(home, 'a', 'b', 'c'));
    for (const path of ['a', 'a/b', 'a/b/c']) expect((await stat(join(home, path))).mode & 0o777).toBe(0o700);
  });

  test('that is there stays as it is', async () => {
    const path = join(await temporaryDirectory(), 'a');
    await mkdir(path, { mode: 0o755 });
    makeDirectory(path);
    expect((await stat(path)).mode & 0o777).toBe(0o755);
  });

  test('in whose place a link leads nowhere is refused with both ends', async () => {
    const link = join(await temporaryDirectory(), 'link');
    await symlink('unmounted/disk', link);
    const told = `${link} is a link to unmounted/disk, which is not there; make that, or remove the link`;
    expect(() => makeDirectory(link)).toThrow(told);
    expect(() => makeDirectory(join(link, 'in'))).toThrow(told);
  });

  test.each([0o177, 0o277, 0o777])('is of use to its user whatever the umask is, as %d', async (umask) => {
    const home = await temporaryDirectory();
    const before = process.umask(umask);
    try {
      makeDirectory(join(home, 'a', 'b'));
    } finally {
      process.umask(before);
    }
    for (const path of ['a', 'a/b']) expect((await stat(join(home, path))).mode & 0o777).toBe(0o700);
  });

  test.each([
    ['a file', ''],
    ['something below a file', '/b'],
  ])('is not made in place of %s', async (_, below) => {
    const path = join(await temporaryDirectory(), 'a');
    await writeFile(path, '');
    expect(() => makeDirectory(path + below)).toThrow(/EEXIST|ENOTDIR/);
  });

  test.runIf(process.platform === 'linux')('is not tried for ever where none can be made', () => {
    expect(() => makeDirectory('/proc/gardener/data')).toThrow('ENOENT');
  });
});
