/** Where things are, whatever the environment says; the flags and variables of a real daemon are in `daemon/`. */
import { execFile } from 'node:child_process';
import { chmod, cp, readdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { findHome, PathError, type PathOptions, resolvePaths } from '../src/paths.ts';
import { builtProgram } from './support/cli.ts';
import { temporaryDirectory } from './support/home.ts';
import { requireTools } from './support/tools.ts';

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

describe('the short socket of a long data directory', () => {
  const dataDir = `/${'d'.repeat(120)}`;
  const within = (place: string): RegExp =>
    new RegExp(`^${place}/codebase-gardener-${process.getuid?.()}/[0-9a-f]{16}\\.sock$`);

  test.for<[what: string, env: NodeJS.ProcessEnv, place: string]>([
    ['nothing', {}, '/tmp'],
    ['the runtime directory first', { XDG_RUNTIME_DIR: '/run/user/7', TMPDIR: '/var/tmp' }, '/run/user/7'],
    // The XDG specification: "consider the path invalid and ignore it".
    ['no relative one', { XDG_RUNTIME_DIR: 'run', TMPDIR: '/var/tmp/' }, '/var/tmp'],
    ['no relative temporary directory', { TMPDIR: './t', TMP: '../t', TEMP: '/var/tmp' }, '/var/tmp'],
    [
      'none at all where all are relative',
      { XDG_RUNTIME_DIR: '.', TMPDIR: 'a', TMP: 'b', TEMP: 'c' },
      '/tmp',
    ],
    ['no empty one', { XDG_RUNTIME_DIR: '', TMPDIR: '/var/tmp' }, '/var/tmp'],
    ['none in which it would be too long', { XDG_RUNTIME_DIR: `/${'x'.repeat(80)}` }, '/tmp'],
  ])('is where the environment says, of which counts %s', ([, env, place]) => {
    expect(resolvePaths({ dataDir }, env).socket).toMatch(within(place));
  });
});

describe('whose a socket is', () => {
  const both = { CODEBASE_GARDENER_DATA_DIR: '/d', CODEBASE_GARDENER_SOCKET: '/s' };

  test.for<[what: string, options: PathOptions, env: NodeJS.ProcessEnv, alone: boolean]>([
    ['nothing', {}, {}, false],
    ['an option', { socket: '/s' }, {}, true],
    ['options for both', { socket: '/s', dataDir: '/d' }, both, false],
    ['a variable', {}, { CODEBASE_GARDENER_SOCKET: '/s' }, true],
    ['variables for both', {}, both, false],
    ['an option, in spite of a profile', { socket: '/t' }, { CODEBASE_GARDENER_DATA_DIR: '/d' }, true],
    ['an option, in spite of both variables', { socket: '/t' }, both, true],
    ['a variable, in spite of an option', { dataDir: '/e' }, { CODEBASE_GARDENER_SOCKET: '/s' }, true],
    ['a variable, in spite of an option for one of both', { dataDir: '/e' }, both, true],
    ['empty ones', { socket: '', dataDir: '' }, both, false],
    ['no option', { dataDir: '/e' }, { CODEBASE_GARDENER_DATA_DIR: '/d' }, false],
  ])('%s', ([, options, env, alone]) => {
    expect(resolvePaths(options, env).socketAlone).toBe(alone);
  });
});

describe('a name that is no UTF-8 is refused', () => {
  // What Node has in the place of a byte 0xff.
  const broken = '/srv/\uFFFD';
  const reason = 'its name is no UTF-8, so that another one would be used; choose one whose name is';

  test.for<[what: string, options: PathOptions, env: NodeJS.ProcessEnv, said: string]>([
    ['a data directory', { dataDir: broken }, {}, `data directory ${broken}`],
    ['half of a pair', { dataDir: '/srv/\ud83d' }, {}, 'data directory /srv/\ud83d'],
    ['of the environment', {}, { CODEBASE_GARDENER_DATA_DIR: broken }, `data directory ${broken}`],
    ['a socket', { socket: broken, dataDir: '/d' }, {}, `socket ${broken}`],
    ['of the environment', {}, { CODEBASE_GARDENER_SOCKET: broken }, `socket ${broken}`],
    [
      'a runtime directory that counts',
      { dataDir: `/${'d'.repeat(120)}` },
      { XDG_RUNTIME_DIR: broken },
      `XDG_RUNTIME_DIR=${broken}`,
    ],
  ])('%s', ([, options, env, said]) => {
    expect(() => resolvePaths(options, env)).toThrow(new PathError(`cannot use ${said}: ${reason}`));
  });

  test('a home', () => {
    process.env['HOME'] = broken;
    expect(() => resolvePaths({}, {})).toThrow(new PathError(`cannot use HOME=${broken}: ${reason}`));
    expect(findHome()).toBeNull();
    expect(resolvePaths({ dataDir: '/d' }, {}).dataDir).toBe('/d');
  });

  test.for(['HOME', 'CODEBASE_GARDENER_DATA_DIR', '--data-dir', '--socket', 'an argument'])(
    'by the programs, as the byte 0xff in %s, and nothing is made',
    async (what, context) => {
      requireTools(context, 'python3');
      const home = await temporaryDirectory();
      // Node can give no such bytes either.
      const launch = `import os, sys
node, program, what, home = sys.argv[1:]
env = {'PATH': os.environ['PATH'], 'HOME': home}
words = ['ls'] if program.endswith('gardener.js') else []
odd = os.fsencode(home) + b'/\\xff'
if what.startswith('--'): words += [what, odd]
elif what == 'an argument': words += [odd]
else: env[what] = odd
os.execve(node, [node, program, *words], env)`;
      for (const program of ['gardener.js', 'gardenerd.js'] as const) {
        if (what === 'an argument' && program === 'gardenerd.js') continue;
        const words = ['-c', launch, process.execPath, builtProgram(program), what, home];
        const ended = await promisify(execFile)('python3', words).then(
          () => 'it went well',
          ({ stderr }: { stderr: string }) => stderr,
        );
        expect(ended).toMatch(/^gardenerd?: cannot use .* no UTF-8/s);
        expect(await readdir(home)).toEqual([]);
      }
    },
  );
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
