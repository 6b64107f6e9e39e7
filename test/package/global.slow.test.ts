/** The package for people: installed for all their directories, or run without being installed. */
import { execFile } from 'node:child_process';
import { readdir, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { temporaryDirectory } from '../support/home.ts';
import { npmEnvironment, packInto } from './packed.ts';

/** Fetching and unpacking on a loaded machine. Milliseconds. */
const PATIENCE_MS = 180_000;

let tarball: string;
let printed: string;

beforeAll(async () => {
  const directory = await temporaryDirectory();
  printed = await packInto(directory);
  tarball = join(directory, `codebase-gardener-${manifest.version}.tgz`);
}, PATIENCE_MS);

/** Runs npm as people have it set up, but for its news of itself; gives all that it prints. */
async function npmAloud(...words: string[]): Promise<string> {
  const env = { ...npmEnvironment, npm_config_update_notifier: 'false', npm_config_prefer_offline: 'true' };
  const { stdout, stderr } = await promisify(execFile)('npm', words, {
    env,
    cwd: await temporaryDirectory(),
  });
  return stdout + stderr;
}

test('npm pack --silent prints the name of the tarball and nothing else', () => {
  expect(printed).toBe(`${basename(tarball)}\n`);
});

test('npm install --global warns of nothing and links three programs', { timeout: PATIENCE_MS }, async () => {
  const prefix = await temporaryDirectory();
  const words = ['install', '--global', '--no-fund', '--prefix', prefix, tarball];
  expect(await npmAloud(...words)).toMatch(/^\n?added \d+ packages? in \w+\n$/);
  const bin = join(prefix, 'bin');
  expect((await readdir(bin)).toSorted()).toEqual(['codebase-gardener', 'gardener', 'gardenerd']);
  expect(await realpath(join(bin, 'codebase-gardener'))).toBe(await realpath(join(bin, 'gardener')));
});

test('npx runs the command line when it is given the package alone', { timeout: PATIENCE_MS }, async () => {
  // In a cache of its own, where npm exec would otherwise leave it.
  const words = [
    'exec',
    '--yes',
    '--cache',
    await temporaryDirectory(),
    `file:${tarball}`,
    '--',
    '--version',
  ];
  expect(await npmAloud(...words)).toBe(`${manifest.version}\n`);
});
