import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { resolvePaths } from '../../src/paths.ts';
import { builtProgram } from '../support/cli.ts';
import { environment, temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';

const MODULE = fileURLToPath(new URL('../../client/python/', import.meta.url));
const TESTS = fileURLToPath(new URL('.', import.meta.url));

interface Ended {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Python, which finds the client, to its end. */
function python(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...env, PYTHONPATH: MODULE, PYTHONDONTWRITEBYTECODE: '1' } };
    execFile('python3', args, options, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
  });
}

const SUITES = (await readdir(TESTS)).filter((name) => /^test_python_\w+\.py$/.test(name));

// Together: they mostly wait.
test.concurrent.for(SUITES)(
  'the Python client does with the daemon what %s says',
  { timeout: 360_000 },
  async (suite, context) => {
    requireTools(context, 'python3');
    const env = environment(await temporaryDirectory());
    const gardener = `${quoted(process.execPath)} ${quoted(builtProgram('gardener.js'))}`;
    const options = ['-X', 'dev', '-W', 'error'];
    const ended = await python([...options, '-m', 'unittest', 'discover', '-s', TESTS, '-p', suite], {
      ...env,
      GARDENER: gardener,
    });
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
    expect(ended.stderr).toMatch(/^Ran [1-9]\d* tests/m);
  },
);

afterEach(() => void vi.unstubAllEnvs());

const LONG = `/tmp/${'é'.repeat(60)}`;

test.for<[string, NodeJS.ProcessEnv]>([
  ['nothing is set', { HOME: '/home/ada' }],
  ['the data directory is set', { HOME: '/home/ada', CODEBASE_GARDENER_DATA_DIR: '/srv/./data//x/' }],
  ['the socket is set', { HOME: '/home/ada', CODEBASE_GARDENER_SOCKET: '/run/x/../y.sock' }],
  [
    'what is set is empty',
    { HOME: '/home/ada', CODEBASE_GARDENER_DATA_DIR: '', CODEBASE_GARDENER_SOCKET: '' },
  ],
  ['the path is too long', { HOME: LONG }],
  ['the path is too long, and there is a runtime directory', { HOME: LONG, XDG_RUNTIME_DIR: '/run/user/7' }],
  ['the path is too long, and there is a temporary directory', { HOME: LONG, TMPDIR: '/var/tmp/' }],
  ['the runtime directory is relative', { HOME: LONG, XDG_RUNTIME_DIR: 'run', TMPDIR: '/var/tmp/' }],
  ['every short place is relative', { HOME: LONG, XDG_RUNTIME_DIR: '.', TMPDIR: 'a', TMP: 'b', TEMP: 'c' }],
  ['the runtime directory is too long as well', { HOME: LONG, XDG_RUNTIME_DIR: LONG, TMP: '/var/tmp' }],
])('both sides look for the socket in one place when %s', async ([, env], context) => {
  requireTools(context, 'python3');
  const { PATH } = process.env;
  const program = [
    'from codebase_gardener_registry import ProjectRegistry',
    'registry = ProjectRegistry()',
    'print(registry.data_dir, registry._dialer.path, sep="\\n")',
  ].join('\n');
  const { stdout, stderr } = await python(['-c', program], { PATH, PYTHONUTF8: '1', ...env });
  // The home and the temporary directory are asked of the process.
  vi.stubEnv('TMPDIR', undefined);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const paths = resolvePaths({}, env);
  expect(stdout, stderr).toBe(`${paths.dataDir}\n${paths.socket}\n`);
});

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'"'"'`)}'`;
}
