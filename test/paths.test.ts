/** Where things are, whatever the environment says; the flags and variables of a real daemon are in `daemon/`. */
import { execFile } from 'node:child_process';
import { chmod, cp, readdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { PathError, resolvePaths } from '../src/paths.ts';
import { builtProgram } from './support/cli.ts';
import { temporaryDirectory } from './support/home.ts';

const { HOME } = process.env;

afterEach(() => {
  process.env['HOME'] = HOME;
});

describe('the data directory', () => {
  test.for<[path: string, found: string]>([
    ['~', '/home/ada'],
    ['~/x', '/home/ada/x'],
    ['/~/x', '/~/x'],
  ])('%s is %s', ([path, found]) => {
    process.env['HOME'] = '/home/ada';
    expect(resolvePaths({}, { CODEBASE_GARDENER_DATA_DIR: path }).dataDir).toBe(found);
    expect(resolvePaths({ dataDir: path }, {}).dataDir).toBe(found);
  });

  test.for(['', 'ada'])('is in the home of the user database where HOME is "%s"', (home) => {
    process.env['HOME'] = home;
    expect(resolvePaths({}, {}).dataDir).toBe(join(userInfo().homedir, '.codebase-gardener'));
  });

  test('that is given relative is below the working directory', () => {
    expect(resolvePaths({ dataDir: 'x' }, { CODEBASE_GARDENER_DATA_DIR: 'y' }).dataDir).toBe(
      join(process.cwd(), 'x'),
    );
  });
});

describe('a relative path in the environment is refused', () => {
  test.for(['CODEBASE_GARDENER_DATA_DIR', 'CODEBASE_GARDENER_SOCKET'])('%s', (name) => {
    for (const path of ['x', './x', '../x', '~ada/x']) {
      expect(() => resolvePaths({}, { [name]: path }), path).toThrow(
        new PathError(
          `cannot use ${name}=${path}: a relative path is another one in each working directory; set it to an absolute one`,
        ),
      );
    }
  });
});

test('a socket in the home directory is found there', () => {
  process.env['HOME'] = '/home/ada';
  expect(resolvePaths({}, { CODEBASE_GARDENER_SOCKET: '~/s' }).socket).toBe('/home/ada/s');
});

/** As many a container has it: a number that no user has. */
const NOBODY = { uid: 54_321, gid: 54_321 };

describe.runIf(process.getuid?.() === 0)('a user without an entry', () => {
  async function run(
    program: 'gardener.js' | 'gardenerd.js',
    words: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<{ code: unknown; stdout: string; stderr: string }> {
    // Where anybody may read it.
    const place = await temporaryDirectory();
    await cp(join(builtProgram(program), '..'), place, { recursive: true });
    await chmod(place, 0o755);
    const given = { env: { PATH: process.env['PATH'], ...env }, cwd: '/', ...NOBODY };
    return await promisify(execFile)(process.execPath, [join(place, program), ...words], given).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: { code: unknown; stdout: string; stderr: string }) => ({
        code,
        stdout,
        stderr,
      }),
    );
  }

  const REGISTER = '{"name":"all","source_path":"/"}';
  const ADVICE =
    'cannot tell the home directory: HOME is not set, and user 54321 is not in the user database; ' +
    'set HOME, or CODEBASE_GARDENER_DATA_DIR to an absolute path\n';

  test('is told what to set where there is no HOME', async () => {
    expect(await run('gardener.js', ['ls'])).toMatchObject({ code: 2, stderr: `gardener: ${ADVICE}` });
    expect(await run('gardenerd.js', [])).toEqual({ code: 1, stdout: '', stderr: `gardenerd: ${ADVICE}` });
  });

  test('has the home that HOME names', async () => {
    const home = await temporaryDirectory();
    // Where that user may look.
    await chmod(home, 0o755);
    const { stderr } = await run('gardener.js', ['ls', '--no-start'], { HOME: home });
    expect(stderr).toContain('no daemon listens on ~/.codebase-gardener/run/registry.sock');
  });

  test('has a registry where one is named', async () => {
    const dataDir = join(await temporaryDirectory(), 'data');
    await chmod(join(dataDir, '..'), 0o777);
    const env = { CODEBASE_GARDENER_DATA_DIR: dataDir };
    try {
      expect(await run('gardener.js', ['call', 'projects.register', REGISTER], env)).toMatchObject({
        stderr: '',
        code: 0,
      });
      expect(await run('gardener.js', ['doctor'], env)).toMatchObject({ code: 0 });
      expect(await readdir(dataDir)).toContain('registry.json');
    } finally {
      await run('gardener.js', ['daemon', 'stop'], env);
    }
  });
});
