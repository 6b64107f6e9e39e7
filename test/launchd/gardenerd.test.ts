/** The launcher, with system directories of its own. */
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { execute } from '../client/service/launchd/stand-in.ts';
import { temporaryDirectory } from '../support/home.ts';

const LAUNCHER = fileURLToPath(new URL('../../launchd/gardenerd', import.meta.url));

interface Machine {
  readonly root: string;
  readonly home: string;
  /** Puts a Node there that prints itself and its arguments. */
  node(path: string, version: string): Promise<string>;
  file(path: string): Promise<string>;
  launch(...words: string[]): ReturnType<typeof execute>;
}

/** A machine whose system directories are below a temporary one. */
async function machine(): Promise<Machine> {
  const root = await temporaryDirectory();
  const home = join(root, 'Users', 'ada lovelace');
  const launcher = join(root, 'gardenerd');
  const script = await readFile(LAUNCHER, 'utf8');
  await writeFile(launcher, script.replace(/(?<=[\s"])\/(opt|usr|home|run)\//g, `${root}/$1/`), {
    mode: 0o755,
  });
  const file = async (path: string, text = ''): Promise<string> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return path;
  };
  await mkdir(home, { recursive: true });
  return {
    root,
    home,
    file,
    async node(path, version) {
      await file(
        path,
        `#!/bin/sh\n[ "$1" = --version ] && echo ${version} || printf '%s\\n' '${path}' "$@"\n`,
      );
      await chmod(path, 0o755);
      return path;
    },
    launch: (...words) => execute(launcher, words, { PATH: '/usr/bin:/bin', HOME: home }),
  };
}

describe('the launcher', () => {
  test('runs the recorded Node, and passes every argument on as it is', async () => {
    const { root, node, file, launch } = await machine();
    const recorded = await node(join(root, 'my node', 'bin', 'node'), 'v22.1.0');
    await node(join(root, 'opt/homebrew/bin/node'), 'v24.0.0');
    const daemon = await file(join(root, 'pkg & co', 'gardenerd.js'));
    const { code, stdout, stderr } = await launch(recorded, daemon, '--data-dir', 'a  "b" $HOME *', '');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`${recorded}\n${daemon}\n--data-dir\na  "b" $HOME *\n\n`);
  });

  test.each([
    ['opt/homebrew/bin/node'],
    ['usr/local/bin/node'],
    ['usr/bin/node'],
    ['home/linuxbrew/.linuxbrew/bin/node'],
    ['opt/homebrew/opt/node@22/bin/node'],
  ])('finds %s when the recorded one is gone', async (place) => {
    const { root, node, file, launch } = await machine();
    const other = await node(join(root, place), 'v20.19.0');
    const daemon = await file(join(root, 'gardenerd.js'));
    expect((await launch(join(root, 'Cellar/node/22.0.0/bin/node'), daemon)).stdout).toBe(
      `${other}\n${daemon}\n`,
    );
  });

  test.each([
    ['.nvm/versions/node/v22.3.0/bin/node'],
    ['.local/share/fnm/aliases/default/bin/node'],
    ['Library/Application Support/fnm/node-versions/v22.3.0/installation/bin/node'],
    ['.volta/tools/image/node/22.3.0/bin/node'],
    ['.asdf/installs/nodejs/22.3.0/bin/node'],
    ['.local/share/mise/installs/node/22.3.0/bin/node'],
    ['.nodenv/versions/22.3.0/bin/node'],
    ['n/bin/node'],
  ])('finds ~/%s when nothing else is there', async (place) => {
    const { root, home, node, file, launch } = await machine();
    const other = await node(join(home, place), 'v22.3.0');
    const daemon = await file(join(root, 'gardenerd.js'));
    expect((await launch('/nonexistent', daemon)).stdout).toBe(`${other}\n${daemon}\n`);
  });

  test('takes the newest of several versions, by number and not by name', async () => {
    const { root, home, node, file, launch } = await machine();
    for (const version of ['v9.11.2', 'v22.10.0', 'v22.9.0', 'v20.19.5'])
      await node(join(home, '.nvm/versions/node', version, 'bin/node'), version);
    const daemon = await file(join(root, 'gardenerd.js'));
    expect((await launch('/nonexistent', daemon)).stdout).toContain('/v22.10.0/');
  });

  test('passes over what is too old or broken, the recorded one included', async () => {
    const { root, home, node, file, launch } = await machine();
    const old = await node(join(root, 'old/node'), 'v20.18.9');
    await node(join(root, 'usr/local/bin/node'), 'v18.20.0');
    await node(join(root, 'usr/bin/node'), 'segmentation fault');
    await mkdir(join(root, 'opt/homebrew/bin/node'), { recursive: true });
    const good = await node(join(home, '.nvm/versions/node/v24.0.0/bin/node'), 'v24.0.0');
    const daemon = await file(join(root, 'gardenerd.js'));
    expect((await launch(old, daemon)).stdout).toBe(`${good}\n${daemon}\n`);
  });

  test('follows links', async () => {
    const { root, node, file, launch } = await machine();
    const real = await node(join(root, 'Cellar/node/24.1.0/bin/node'), 'v24.1.0');
    await mkdir(join(root, 'opt/homebrew/bin'), { recursive: true });
    await symlink(real, join(root, 'opt/homebrew/bin/node'));
    const daemon = await file(join(root, 'gardenerd.js'));
    expect((await launch(join(root, 'Cellar/node/22.0.0/bin/node'), daemon)).code).toBe(0);
  });

  test('finds the package that was installed with the next Node', async () => {
    const { home, node, file, launch } = await machine();
    const next = await node(join(home, '.nvm/versions/node/v24.0.0/bin/node'), 'v24.0.0');
    const daemon = await file(
      join(home, '.nvm/versions/node/v24.0.0/lib/node_modules/codebase-gardener/dist/gardenerd.js'),
    );
    const gone = join(home, '.nvm/versions/node/v22.0.0');
    const { stdout } = await launch(
      join(gone, 'bin/node'),
      join(gone, 'lib/node_modules/codebase-gardener/dist/gardenerd.js'),
      '--socket',
      '/s',
    );
    expect(stdout).toBe(`${next}\n${daemon}\n--socket\n/s\n`);
  });

  test('says what it looked for, and exits with 78, when there is no Node', async () => {
    const { root, node, file, launch } = await machine();
    const old = await node(join(root, 'usr/bin/node'), 'v18.0.0');
    const daemon = await file(join(root, 'gardenerd.js'));
    const { code, stdout, stderr } = await launch('/gone/node', daemon);
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toMatch(
      /^gardenerd: cannot start: no Node 20\.19 or newer was found, neither at \/gone\/node nor/,
    );
    expect(stderr).toContain(`(too old or broken: ${old})`);
    expect(stderr).toContain('gardener service install');
  });

  test('says so, and exits with 78, when the package is gone', async () => {
    const { root, node, launch } = await machine();
    const recorded = await node(join(root, 'bin/node'), 'v22.1.0');
    const { code, stderr } = await launch(recorded, '/gone/gardenerd.js');
    expect(code).toBe(78);
    expect(stderr).toContain('/gone/gardenerd.js is gone; install codebase-gardener again');
  });

  test('exits with 78 without arguments', async () => {
    const { launch } = await machine();
    expect((await launch()).code).toBe(78);
  });

  test('works without a home', async () => {
    const { root, node, file } = await machine();
    const recorded = await node(join(root, 'bin/node'), 'v22.1.0');
    const daemon = await file(join(root, 'gardenerd.js'));
    expect((await execute(join(root, 'gardenerd'), [recorded, daemon], {})).code).toBe(0);
    await rm(recorded);
  });

  test('never asks PATH for Node', async () => {
    expect(await readFile(LAUNCHER, 'utf8')).not.toMatch(/^[^#]*(env node|command -v)/m);
  });
});
