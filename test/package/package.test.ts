/** What others get: `npm pack`, installed elsewhere, used as a program and as a library. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publint } from 'publint';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { environment, temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { emptyConsumer, lend, npm, ourProgram, pack, requireNetwork, runIn } from './packed.ts';
import { complaints, RESOLUTIONS } from './typed-consumer.ts';

/** Fetching and unpacking on a loaded machine. Milliseconds. */
const PATIENCE_MS = 180_000;
/** Tools that are fetched when they are used: with what they need they are larger than everything else here. */
const ATTW = '@arethetypeswrong/cli@0.18.5';
const PNPM = 'pnpm@10.18.0';

let tarball: string;
let consumer: string;

beforeAll(async () => {
  tarball = await pack();
  consumer = await emptyConsumer();
  // Whatever scripts there were would not run; nothing may need them.
  await npm(['install', '--ignore-scripts', tarball], { cwd: consumer });
}, PATIENCE_MS);

/** Registers, lists and ends the daemon with an installed program. */
async function assertProgramWorks(directory: string): Promise<void> {
  const home = await temporaryDirectory();
  const program = join(directory, 'node_modules', '.bin', 'gardener');
  const gardener = (...words: string[]) => runIn(directory, program, words, environment(home));
  onTestFinished(async () => void (await gardener('daemon', 'stop')));
  expect(await gardener('add', '.', '--name', 'consumer')).toMatch(/^added consumer /);
  const { projects } = JSON.parse(await gardener('ls', '--json')) as {
    projects: { name: string; source_path: string }[];
  };
  expect(projects).toMatchObject([{ name: 'consumer', source_path: directory }]);
}

describe('the package', () => {
  test('has what is needed and nothing else', async () => {
    const [packed] = JSON.parse(await npm(['pack', '--dry-run', '--json', '--ignore-scripts', tarball])) as [
      { files: { path: string; mode: number }[]; size: number; unpackedSize: number },
    ];
    const paths = packed.files.map(({ path }) => path);
    const expected =
      /^(README\.md|LICENSE|CHANGELOG\.md|package\.json|launchd\/[\w.-]+|client\/python\/(codebase_gardener_registry\/(\w+\.py|py\.typed)|pyproject\.toml|README\.md|LICENSE)|dist\/(THIRD-PARTY-NOTICES\.txt|(build|openrpc|registry\.schema)\.json|gardenerd?\.1|gardenerd?(-[\w-]+)?\.js|index(-[0-9a-f]{12})?\.js|index\.d\.ts))$/;
    expect(paths.filter((path) => !expected.test(path))).toEqual([]);
    expect(paths).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'dist/build.json',
        'dist/gardenerd.js',
        'client/python/codebase_gardener_registry/__init__.py',
      ]),
    );
    const programs = packed.files.filter(({ mode }) => mode !== 0o644).map(({ path, mode }) => [path, mode]);
    const expectedPrograms = ['dist/gardener.js', 'dist/gardenerd.js', 'launchd/gardenerd'];
    expect(programs).toEqual(expectedPrograms.map((path) => [path, 0o755]));
    // Of which two thirds are the daemon and the reader of property lists.
    expect(packed.size).toBeLessThanOrEqual(1_200_000);
    expect(packed.unpackedSize).toBeLessThanOrEqual(4_000_000);
  });

  test('runs nothing when it is installed, and brings nothing with it', async () => {
    const place = join(consumer, 'node_modules', 'codebase-gardener', 'package.json');
    const { scripts, ...others } = JSON.parse(await readFile(place, 'utf8')) as typeof manifest;
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare'])
      expect(scripts).not.toHaveProperty(name);
    expect(Object.keys(others).filter((name) => /dependencies$/i.test(name))).toEqual(['devDependencies']);
    expect((await readdir(join(consumer, 'node_modules'))).filter((name) => !name.startsWith('.'))).toEqual([
      'codebase-gardener',
    ]);
  });

  test('has nothing that publint finds wrong', async () => {
    const bytes = await readFile(tarball);
    const { messages } = await publint({
      pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) },
    });
    expect(messages).toEqual([]);
  });

  test('has no types that are wrong', { timeout: PATIENCE_MS }, async (context) => {
    requireNetwork(context);
    const words = ['exec', '--yes', '--package', ATTW, '--', 'attw', tarball, '--profile', 'esm-only'];
    // It ends with another code where something is wrong.
    expect(await npm(words)).toContain('(ESM)');
  });
});

describe('installed elsewhere', () => {
  test('the program works', () => assertProgramWorks(consumer));

  test('the library works, imported and required', async () => {
    const home = await temporaryDirectory();
    const env = environment(home);
    const script = `
      const registry = await connect();
      const { name } = await registry.projects.register({ name: 'here', source_path: process.cwd() });
      for await (const event of registry.watch()) { console.log(name, event.projects.length); break; }
      await registry.daemon.shutdown();`;
    const imported = `import { connect } from 'codebase-gardener';${script}`;
    expect(await runIn(consumer, process.execPath, ['--input-type=module', '-e', imported], env)).toBe(
      'here 1\n',
    );
    const required = `const { RegistryError } = require('codebase-gardener'); console.log(RegistryError.name)`;
    expect(await runIn(consumer, process.execPath, ['--input-type=commonjs', '-e', required], env)).toBe(
      'RegistryError\n',
    );
  });

  test('the Python client is there', async (context) => {
    requireTools(context, 'python3');
    const PYTHONPATH = join(consumer, 'node_modules', 'codebase-gardener', 'client', 'python');
    const program = 'import codebase_gardener_registry as client; print(client.__version__)';
    const env = { PYTHONPATH, PYTHONDONTWRITEBYTECODE: '1' };
    expect(await runIn(consumer, 'python3', ['-c', program], env)).toBe(`${manifest.version}\n`);
  });

  test('the types are usable, with everything checked', { timeout: PATIENCE_MS }, async () => {
    await lend(consumer, '@types/node');
    await lend(consumer, 'undici-types');
    for (const [at, resolution] of RESOLUTIONS.entries()) {
      const platform = at === 1 ? 'node' : 'none';
      expect(await complaints(consumer, [ourProgram('tsc')], platform, resolution), platform).toBe('');
    }
  });

  test('it works where packages see only what they ask for', { timeout: PATIENCE_MS }, async (context) => {
    requireNetwork(context);
    const strict = await emptyConsumer();
    const words = ['exec', '--yes', '--package', PNPM, '--', 'pnpm', 'add', '--ignore-scripts'];
    const store = await temporaryDirectory();
    await npm([...words, '--store-dir', store, tarball], { cwd: strict });
    await assertProgramWorks(strict);
  });
});
