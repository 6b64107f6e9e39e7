/** The types of the Python client, as type checkers see them: its own, and what an application gets from a wheel. */
import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test, type TestContext, vi } from 'vitest';
import { npm, requireNetwork } from '../package/packed.ts';
import { temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { BUILD_TOOLS, pip, PYTHON, wheelOf } from '../support/wheel.ts';

const run = promisify(execFile);
// Checkers take seconds, and a loaded machine is ten times as slow. Milliseconds.
vi.setConfig({ testTimeout: 300_000 });
const SOURCES = fileURLToPath(new URL('../../client/python/', import.meta.url));
const PROGRAM = fileURLToPath(new URL('typed_program.py', import.meta.url));
const ASYNCIO_PROGRAM = fileURLToPath(new URL('typed_asyncio_program.py', import.meta.url));
const PACKAGE = 'codebase_gardener_registry';
const MYPY = '/usr/bin/mypy';
/** Fetched with REQUIRE_TOOLS=1 only. */
const PYRIGHT = 'pyright@1.1.414';
/** Only `# pyright: ignore` counts for it, and each has to be needed, as mypy has it for its own. */
const STRICT = {
  typeCheckingMode: 'strict',
  pythonVersion: '3.9',
  enableTypeIgnoreComments: false,
  reportUnnecessaryTypeIgnoreComment: true,
};

/** A place with nothing but the programs, the examples of the readme, and an environment that the wheel is installed in. */
let application: string;
let interpreter: string;

beforeAll(async () => {
  application = await temporaryDirectory();
  interpreter = join(application, '.venv/bin/python');
  await cp(PROGRAM, join(application, 'program.py'));
  await cp(ASYNCIO_PROGRAM, join(application, 'asyncio_program.py'));
  const examples = (await readFile(join(SOURCES, 'README.md'), 'utf8')).matchAll(/^```python\n(.*?)^```$/gms);
  for (const [number, [, example = '']] of [...examples].entries())
    await writeFile(join(application, `example${number}.py`), example);
  await writeFile(join(application, 'pyrightconfig.json'), JSON.stringify(STRICT));
});

async function install(context: TestContext): Promise<void> {
  requireTools(context, BUILD_TOOLS);
  await run(PYTHON, ['-m', 'venv', '--clear', '--without-pip', join(application, '.venv')]);
  await pip('--python', interpreter, 'install', await wheelOf(SOURCES));
}

/** What a checker has to say, whether it is content or not. */
async function said(checking: Promise<{ stdout: string } | string>): Promise<string> {
  const told = await checking.catch((error: unknown) => error as { stdout: string });
  return typeof told === 'string' ? told : told.stdout;
}

async function mypy(context: TestContext, cwd: string, ...words: string[]): Promise<string> {
  requireTools(context, MYPY);
  return await said(run(MYPY, ['--cache-dir', await temporaryDirectory(), ...words], { cwd }));
}

async function pyright(context: TestContext, cwd: string, ...words: string[]): Promise<string> {
  requireNetwork(context);
  // As where the environment is active: not all that it does asks its flag for one.
  const env = { PATH: `${dirname(interpreter)}${delimiter}${process.env['PATH']}` };
  return await said(npm(['exec', '--yes', '--package', PYRIGHT, '--', 'pyright', ...words], { cwd, env }));
}

test('mypy finds nothing in the client', async (context) => {
  expect(await mypy(context, SOURCES, PACKAGE)).toMatch(/^Success: no issues found in \d+ source files?\n$/);
});

test('pyright finds nothing in the client', async (context) => {
  expect(await pyright(context, SOURCES)).toBe('0 errors, 0 warnings, 0 informations\n');
});

test('mypy finds the mistakes of an application, and no others', async (context) => {
  await install(context);
  const words = ['--strict', '--python-version', '3.9', '--python-executable', interpreter, '.'];
  expect(await mypy(context, application, ...words)).toMatch(
    /^Success: no issues found in [5-9] source files\n$/,
  );
});

test('mypy finds them with a copy of the one file, too', async (context) => {
  const place = await temporaryDirectory();
  await cp(join(SOURCES, PACKAGE, '__init__.py'), join(place, `${PACKAGE}.py`));
  await cp(PROGRAM, join(place, 'program.py'));
  const words = ['--strict', '--python-version', '3.9', 'program.py'];
  expect(await mypy(context, place, ...words)).toBe('Success: no issues found in 1 source file\n');
});

test('pyright finds the mistakes of an application, and no others', async (context) => {
  await install(context);
  expect(await pyright(context, application)).toBe('0 errors, 0 warnings, 0 informations\n');
});

test('pyright knows the type of everything that an application can see', async (context) => {
  await install(context);
  const words = ['--verifytypes', PACKAGE, '--outputjson'];
  const { typeCompleteness } = JSON.parse(await pyright(context, application, ...words)) as {
    typeCompleteness: { completenessScore: number; exportedSymbolCounts: object };
  };
  expect(typeCompleteness).toMatchObject({
    completenessScore: 1,
    exportedSymbolCounts: { withAmbiguousType: 0, withUnknownType: 0 },
  });
});
