/** Which daemon a client starts, as a table: the same code as a part of somebody's bundle, which is in no package. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as inPackage from '../../../client/reach/program.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { bundles } from '../bundle.ts';

const bundled = bundles({ program: 'client/reach/program.ts' });

let alone: typeof inPackage;
let home: string;
/** An executable file below the home, in each of these directories. */
const programs = ['named', 'first', 'second'] as const;

beforeAll(async () => {
  alone = (await import(bundled.program.file)) as typeof inPackage;
  // Beside somebody's bundle it is somebody's.
  await writeFile(join(dirname(bundled.program.file), 'gardenerd.js'), '');
  home = await temporaryDirectory();
  for (const name of programs) await program(name);
  await mkdir(join(home, 'directory', 'gardenerd'), { recursive: true });
  await mkdir(join(home, 'plain'));
  await writeFile(join(home, 'plain', 'gardenerd'), '');
});

async function program(directory: string): Promise<void> {
  await mkdir(join(home, directory));
  await writeFile(join(home, directory, 'gardenerd'), '#!/bin/sh\n', { mode: 0o755 });
}

/** What is started, by the name of its directory. @param path directories below the home, or as they are */
function found(path: readonly string[], named?: string, { findDaemon } = alone): string {
  const absolute = path.map((each) => (each === '' || each === '.' ? each : join(home, each)));
  const [first = '', ...more] = findDaemon(undefined, {
    PATH: absolute.join(':'),
    CODEBASE_GARDENER_DAEMON: named,
  });
  return [first.replace(`${home}/`, ''), ...more].join(' ');
}

describe('a library that somebody has bundled starts', () => {
  test.each<[string, readonly string[], named: string | undefined, expected: string]>([
    ['the first on PATH', ['first', 'second'], undefined, 'first/gardenerd'],
    [
      'no directory, nor what nobody may run',
      ['nothing', 'directory', 'plain', 'second'],
      '',
      'second/gardenerd',
    ],
    ['nothing that a relative or empty entry leads to', ['', '.', 'second'], undefined, 'second/gardenerd'],
    ['what the environment names', ['first'], 'named/gardenerd', 'named/gardenerd'],
  ])('%s', (_, path, named, expected) => {
    expect(found(path, named && join(home, named))).toBe(expected);
  });

  test('what it is given, whatever the environment says', () => {
    const given = ['any', 'words'];
    expect(alone.findDaemon(given, { CODEBASE_GARDENER_DAEMON: join(home, 'named', 'gardenerd') })).toBe(
      given,
    );
  });

  test('nothing where there is none, and says how one is found', () => {
    const told =
      /daemon of connect\(\).* CODEBASE_GARDENER_DAEMON .* package.* gardenerd is on PATH; install/;
    for (const path of [[], [''], ['plain']]) expect(() => found(path)).toThrow(told);
    expect(() => alone.findDaemon(undefined, {})).toThrow(told);
  });
});

test('the library in its package starts the daemon in there, unless the environment names another one', () => {
  expect(found(['first'], '', inPackage)).toMatch(/^\S*node\S* \/.*\/src\/gardenerd\.ts$/);
  expect(found(['first'], join(home, 'named', 'gardenerd'), inPackage)).toBe('named/gardenerd');
});

test('what is named and cannot be run is said, and nothing else looked for', () => {
  for (const name of ['nothing', 'plain/gardenerd', 'directory/gardenerd']) {
    const named = join(home, name);
    for (const library of [alone, inPackage]) {
      expect(() => found(['first'], named, library)).toThrow(
        `CODEBASE_GARDENER_DAEMON leads to ${named}, where no executable file is; set it to the path of gardenerd, or unset it`,
      );
    }
  }
  const relative = 'cannot use CODEBASE_GARDENER_DAEMON=./gardenerd: a relative path is another one in each';
  expect(() => found(['first'], './gardenerd')).toThrow(relative);
});

test('a program is known to be of a release where it lies in the package, behind whatever links', async () => {
  const root = join(home, 'package');
  const script = join(root, 'dist', 'gardenerd.js');
  await mkdir(join(root, 'dist'), { recursive: true });
  await writeFile(script, '#!/usr/bin/env node\n', { mode: 0o755 });
  await symlink(script, join(home, 'linked'));
  await symlink(join(home, 'linked'), join(home, 'twice'));
  const release = (...command: string[]) => alone.releaseOf(command).version;
  expect(release(script)).toBeUndefined();
  for (const content of ['{', 'null', '3', '{"name":"somebody","version":"9.0.0"}']) {
    await writeFile(join(root, 'package.json'), content);
    expect(release(script)).toBeUndefined();
  }
  await writeFile(join(root, 'package.json'), '{"name":"codebase-gardener","version":"9.0.0"}');
  expect(release(process.execPath, script, '--log-level=DEBUG')).toBe('9.0.0');
  expect(release(join(home, 'twice'))).toBe('9.0.0');
  // Whatever it may start.
  expect(release(join(home, 'named', 'gardenerd'))).toBeUndefined();
  expect(release('gardenerd')).toBeUndefined();
});
