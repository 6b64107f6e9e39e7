import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolvePaths } from '../../../src/paths.ts';
import { protectedFolder, removedBy, stablePath } from '../../../client/service/places.ts';
import { planService, planWarnings } from '../../../client/service/plan.ts';
import { isNewer, isNewerRelease, releaseOnDisk } from '../../../client/service/version.ts';
import { temporaryDirectory } from '../../support/home.ts';

async function file(path: string, text = ''): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

describe('a path in the Cellar', () => {
  test('becomes the link that stays the same', async () => {
    const root = await temporaryDirectory();
    const node = await file(join(root, 'Cellar/node/22.1.0/bin/node'));
    await mkdir(join(root, 'bin'));
    await symlink(node, join(root, 'bin/node'));
    expect(stablePath(node)).toBe(join(root, 'bin/node'));
    await mkdir(join(root, 'opt'));
    await symlink('../Cellar/node/22.1.0', join(root, 'opt/node'));
    expect(stablePath(node)).toBe(join(root, 'opt/node/bin/node'));
  });

  test('stays as it is where the link leads to another version', async () => {
    const root = await temporaryDirectory();
    const old = await file(join(root, 'Cellar/node/20.1.0/bin/node'));
    await file(join(root, 'Cellar/node/22.1.0/bin/node'));
    await mkdir(join(root, 'opt'));
    await symlink('../Cellar/node/22.1.0', join(root, 'opt/node'));
    expect(stablePath(old)).toBe(old);
    expect(removedBy(old)).toBe('Homebrew');
  });
});

test.each([
  ['/Users/ada/.nvm/versions/node/v22.1.0/bin/node', 'nvm'],
  ['/Users/ada/.local/share/fnm/node-versions/v22/installation/bin/node', 'fnm'],
  ['/run/user/1000/fnm_multishells/1_2/bin/node', 'fnm'],
  ['/Users/ada/.volta/tools/image/node/22.1.0/bin/node', 'Volta'],
  ['/Users/ada/.asdf/installs/nodejs/22.1.0/bin/node', 'asdf'],
  ['/Users/ada/.local/share/mise/installs/node/22/bin/node', 'mise'],
  ['/Users/ada/.npm/_npx/0123/node_modules/codebase-gardener/dist/gardenerd.js', 'npx'],
  ['/usr/local/bin/node', undefined],
  ['/opt/homebrew/opt/node/bin/node', undefined],
])('%s is removed by %s', (path, owner) => {
  expect(removedBy(path)).toBe(owner);
});

test('folders that macOS protects', () => {
  expect(protectedFolder('/Users/ada/Documents/x', '/Users/ada')).toBe('Documents');
  expect(protectedFolder('/Users/ada/Desktop', '/Users/ada')).toBe('Desktop');
  expect(protectedFolder('/Users/ada/Documents2/x', '/Users/ada')).toBeUndefined();
  expect(protectedFolder('/Users/eve/Documents/x', '/Users/ada')).toBeUndefined();
});

describe('the launcher', () => {
  const paths = resolvePaths({ dataDir: '/Users/ada/.codebase-gardener' }, {});

  test('stays in a package that stays', () => {
    const daemonProgram = '/usr/local/lib/node_modules/codebase-gardener/dist/gardenerd.js';
    const plan = planService({ paths, daemonProgram, node: '/usr/local/bin/node', home: '/Users/ada' });
    expect(plan).toMatchObject({
      launcher: '/usr/local/lib/node_modules/codebase-gardener/launchd/gardenerd',
      launcherSource: undefined,
    });
    expect(planWarnings(plan)).toEqual([]);
  });

  test('is put beside the data when the package goes with the next upgrade, which is told', () => {
    const prefix = '/Users/ada/.nvm/versions/node/v22.1.0';
    const daemonProgram = `${prefix}/lib/node_modules/codebase-gardener/dist/gardenerd.js`;
    const plan = planService({ paths, daemonProgram, node: `${prefix}/bin/node`, home: '/Users/ada' });
    expect(plan.launcher).toBe('/Users/ada/.codebase-gardener/bin/gardenerd');
    expect(plan.launcherSource).toBe(`${prefix}/lib/node_modules/codebase-gardener/launchd/gardenerd`);
    expect(planWarnings(plan)).toEqual([
      expect.stringContaining('belongs to nvm'),
      expect.stringContaining('install codebase-gardener again'),
    ]);
  });
});

describe('versions', () => {
  // In the order of https://semver.org/#spec-item-11
  const order = [
    '0.9.9',
    '0.10.0',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.1',
    '1.10.0',
    '2.0.0',
  ];

  test('are in the order of the specification', () => {
    for (const [left, one] of order.entries()) {
      for (const [right, other] of order.entries()) {
        expect([one, other, isNewer(one, other)]).toEqual([one, other, left > right]);
      }
    }
  });

  test.each([
    ['1.0.0+build.2', '1.0.0+build.1'],
    ['unknown', '1.0.0'],
    ['1.0.0', undefined],
    ['v2.0.0', '1.0.0'],
  ])('%s is not newer than %s', (one, other) => {
    expect(isNewer(one, other)).toBe(false);
  });

  test('are read from the package that a daemon lies in, with the build', async () => {
    const root = await temporaryDirectory();
    const daemon = await file(join(root, 'dist/gardenerd.js'));
    expect(releaseOnDisk(daemon)).toEqual({ version: undefined });
    await file(join(root, 'package.json'), '{"name": "codebase-gardener", "version": "3.2.1"}');
    expect(releaseOnDisk(daemon)).toEqual({ version: '3.2.1', build: undefined });
    const build = { id: 'a', built_at: '2026-01-04T16:30:00.000Z' };
    await file(join(root, 'dist/build.json'), JSON.stringify(build));
    expect(releaseOnDisk(daemon)).toEqual({ version: '3.2.1', build });
    await file(join(root, 'package.json'), '{"name": "another", "version": "3.2.1"}');
    expect(releaseOnDisk(daemon)).toEqual({ version: undefined });
    expect(releaseOnDisk(join(root, 'dist/none.js'))).toEqual({ version: undefined });
  });
});

describe('of the builds of a version', () => {
  const version = '1.0.0';
  const source = { version };
  const one = { version, build: { id: 'one', built_at: '2026-01-04T16:30:00.000Z' } };
  const later = { version, build: { id: 'later', built_at: '2026-01-04T16:30:00.001Z' } };

  test('the later one is the newer one', () => {
    expect(isNewerRelease(later, one)).toBe(true);
    expect(isNewerRelease(one, later)).toBe(false);
  });

  test('two of the same sources are equal, whenever they were made', () => {
    const again = { version, build: { ...later.build, id: 'one' } };
    expect(isNewerRelease(again, one)).toBe(false);
    expect(isNewerRelease(one, again)).toBe(false);
  });

  test('two of the same moment are not each other’s successor', () => {
    const twin = { version, build: { ...one.build, id: 'twin' } };
    expect(isNewerRelease(twin, one)).toBe(false);
    expect(isNewerRelease(one, twin)).toBe(false);
  });

  test('any is newer than what runs from source, or is too old to have one', () => {
    expect(isNewerRelease(one, source)).toBe(true);
    expect(isNewerRelease(source, one)).toBe(false);
    expect(isNewerRelease(source, source)).toBe(false);
  });

  test('none counts against the version', () => {
    expect(isNewerRelease({ version: '1.0.1', build: one.build }, later)).toBe(true);
    expect(isNewerRelease(later, { version: '1.0.1', build: one.build })).toBe(false);
    expect(isNewerRelease({ ...later, version: undefined }, one)).toBe(false);
  });
});
