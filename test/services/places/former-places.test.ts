/** Where paths lead of which nothing is there any more. */
import { mkdir, realpath, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Disk } from '../../../src/services/places/disk.ts';
import { FormerPlaces } from '../../../src/services/places/former-places.ts';
import { NoAnswerError } from '../../../src/services/lane.ts';
import { temporaryDirectory } from '../../support/home.ts';

const answering = new Disk((question) => question().catch(() => null));

test('links are followed to where something was, and those that go round are not for ever', async () => {
  const home = await realpath(await temporaryDirectory());
  const at = (path: string): string => join(home, path);
  await mkdir(at('disk/src'), { recursive: true });
  await symlink('disk/src', at('link'));
  await symlink('./link/app', at('deep'));
  await symlink('around', at('circle'));
  await symlink('circle', at('around'));
  await rename(at('disk/src'), at('disk/code'));
  const places = new FormerPlaces(answering);
  expect(await places.of(at('link/app'))).toBe(at('disk/src/app'));
  expect(await places.of(at('deep/x'))).toBe(at('disk/src/app/x'));
  expect(await places.of(at('disk/code'))).toBe(at('disk/code'));
  expect(await places.of('/')).toBe('/');
  expect(await places.of(at('circle/x'))).toMatch(/\/(circle|around)\/x$/);
});

test('a path on a disk that does not answer is as it is written', async () => {
  const silent = new FormerPlaces(new Disk(() => Promise.reject(new NoAnswerError(true))));
  expect(await silent.of('/mnt/gone/app')).toBe('/mnt/gone/app');
});
