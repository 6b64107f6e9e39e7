/** What pip makes of `client/python`: out of a clone, out of the package of npm, and out of its own sdist. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test, vi } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { Readme } from '../examples/readme.ts';
import { temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { BUILD_TOOLS, pip, PYTHON, wheelOf } from '../support/wheel.ts';
import { emptyConsumer, npm, pack } from './packed.ts';

const run = promisify(execFile);
// Installing and building takes seconds, and a loaded machine is ten times as slow. Milliseconds.
vi.setConfig({ testTimeout: 300_000 });
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NAME = `codebase_gardener_registry-${manifest.version}`;
const TOOLS = [...BUILD_TOOLS, 'git', '/usr/bin/pyproject-build', '/usr/bin/twine'];

/** A clone, with what is not committed yet, and the directories that others are made into. */
let clone: string;
let sources: string;

beforeAll(async () => {
  clone = await temporaryDirectory();
  sources = join(clone, 'client/python');
  // Not by what git says of ours, which it refuses whoever does not own it.
  for (const path of ['client/python', '.gitignore'])
    await cp(join(ROOT, path), join(clone, path), { recursive: true });
  await run('git', ['init', '-q', clone]);
  await run('git', ['-C', clone, 'clean', '-fdXq']);
  await run('git', ['-C', clone, 'add', '.']);
});

/** By `python -m build`: the sdist, and the wheel that is built of what the sdist holds. */
async function built(): Promise<{ sdist: string; wheel: string }> {
  const place = await temporaryDirectory();
  // Debian's hatchling lacks what only editable installations need.
  const words = ['--no-isolation', '--skip-dependency-check', '--outdir', place];
  await run('/usr/bin/pyproject-build', [...words, sources]);
  return { sdist: join(place, `${NAME}.tar.gz`), wheel: join(place, `${NAME}-py3-none-any.whl`) };
}

/** The text of each file of an archive, by its path. */
async function contents(archive: string): Promise<Record<string, string>> {
  const program = `
import json, sys, tarfile, zipfile
def read(path):
    if path.endswith(".whl"):
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(path) as archive:
        return {each.name: archive.extractfile(each).read() for each in archive.getmembers()}
print(json.dumps({name: text.decode() for name, text in read(sys.argv[1]).items()}))`;
  const { stdout } = await run(PYTHON, ['-c', program, archive], { maxBuffer: 8 * 1024 * 1024 });
  return JSON.parse(stdout) as Record<string, string>;
}

async function modules(): Promise<string[]> {
  const names = await readdir(join(sources, 'codebase_gardener_registry'));
  return names.map((name) => `codebase_gardener_registry/${name}`);
}

/** How the repository differs from what was added to it. */
async function leftovers(): Promise<string> {
  return (await run('git', ['-C', clone, 'status', '--porcelain', '--ignored', '-uall'])).stdout.replaceAll(
    /^A {2}.*\n/gm,
    '',
  );
}

test('a wheel has the modules, the marker of its types, the licence and the metadata', async (context) => {
  requireTools(context, TOOLS);
  const { wheel } = await built();
  const inside = await contents(wheel);
  const about = `${NAME}.dist-info`;
  expect(Object.keys(inside).toSorted()).toEqual(
    [
      ...(await modules()),
      ...['METADATA', 'RECORD', 'WHEEL', 'licenses/LICENSE'].map((name) => `${about}/${name}`),
    ].toSorted(),
  );
  expect(inside).toHaveProperty(['codebase_gardener_registry/py.typed']);
  expect(inside[`${about}/licenses/LICENSE`]).toBe(await readFile(join(ROOT, 'LICENSE'), 'utf8'));
  const [head = '', ...rest] = String(inside[`${about}/METADATA`]).split('\n\n');
  expect(head.split('\n')).toEqual(
    expect.arrayContaining([
      'Name: codebase-gardener-registry',
      `Version: ${manifest.version}`,
      'License-Expression: MIT',
      'License-File: LICENSE',
      'Requires-Python: >=3.9',
      'Classifier: Typing :: Typed',
      'Description-Content-Type: text/markdown',
      'Project-URL: Repository, https://github.com/codebase-gardener/registry',
    ]),
  );
  // They may not stand beside an expression.
  expect(head).not.toContain('License ::');
  expect(head).not.toContain('Requires-Dist');
  expect(rest.join('\n\n')).toBe(await readFile(join(sources, 'README.md'), 'utf8'));
});

test('an sdist has what its wheel is built of, and of the clone around it what hatch takes along', async (context) => {
  requireTools(context, TOOLS);
  const { sdist } = await built();
  const files = ['.gitignore', 'LICENSE', 'PKG-INFO', 'README.md', 'pyproject.toml', ...(await modules())];
  expect(Object.keys(await contents(sdist)).toSorted()).toEqual(
    files.map((file) => `${NAME}/${file}`).toSorted(),
  );
});

test('an index would take both, and show the readme', async (context) => {
  requireTools(context, TOOLS);
  const { sdist, wheel } = await built();
  const { stdout } = await run('/usr/bin/twine', ['check', '--strict', sdist, wheel]);
  expect(stdout.match(/PASSED/g)).toHaveLength(2);
});

test('wheels out of a clone, the package of npm and an sdist are the same, byte for byte', async (context) => {
  requireTools(context, TOOLS);
  const consumer = await emptyConsumer();
  await npm(['install', '--ignore-scripts', await pack()], { cwd: consumer });
  const installed = join(consumer, 'node_modules/codebase-gardener/client/python');
  // Whoever has it there: their rules are not ours, and they have used it.
  await writeFile(join(consumer, '.gitignore'), 'node_modules/\n*.typed\n');
  await run('git', ['init', '-q', consumer]);
  await mkdir(join(installed, 'codebase_gardener_registry/__pycache__'));
  await writeFile(join(installed, 'codebase_gardener_registry/__pycache__/__init__.cpython-311.pyc'), '');
  const { sdist, wheel } = await built();
  const expected = await readFile(wheel);
  for (const source of [sources, installed, sdist]) {
    const made = await wheelOf(source);
    expect(basename(made)).toBe(basename(wheel));
    expect((await readFile(made)).equals(expected), source).toBe(true);
  }
});

test('what pip installs is found with its version, and nothing is left in the clone', async (context) => {
  requireTools(context, TOOLS);
  const typed = (await Readme.of('client/python/README.md')).takeCommands('', '');
  expect(typed).toEqual(['pip install ./client/python']);
  const target = await temporaryDirectory();
  await pip('install', '--target', target, sources);
  await wheelOf(sources);
  await built();
  const program = `
import importlib.metadata, codebase_gardener_registry as client
assert client.__file__.startswith(${JSON.stringify(target)})
print(importlib.metadata.version("codebase-gardener-registry"), client.__version__)`;
  const env = { ...process.env, PYTHONPATH: target };
  const { stdout } = await run(PYTHON, ['-c', program], { env, cwd: target });
  expect(stdout).toBe(`${manifest.version} ${manifest.version}\n`);
  expect(await leftovers()).toBe('');
});
