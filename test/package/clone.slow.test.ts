/** From a clone to a program of its own, as the README has it, step by step: each begins where the one before ended. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, readFile, rm, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { Readme } from '../examples/readme.ts';
import { environment, temporaryDirectory } from '../support/home.ts';
import { npmEnvironment } from './packed.ts';

/** What is fetched, built and installed on a loaded machine. Milliseconds. */
const PATIENCE_MS = 300_000;
const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

const typed = (await Readme.of('README.md')).takeCommands('', '');
const [SET_UP = '', TEST = '', INSTALL = ''] = typed;

let clone: string;
let prefix: string;
let home: string;

beforeAll(async () => {
  clone = join(await temporaryDirectory(), 'a clone');
  prefix = await temporaryDirectory();
  home = await temporaryDirectory();
  const made = /^(node_modules|dist|dist\.new|dist\.lock|\.git)$|\.tgz$/;
  await cp(root, clone, { recursive: true, filter: (path) => !made.test(basename(path)) });
}, PATIENCE_MS);

afterAll(async () => void (await gardener('daemon', 'stop')));

/** Runs shell commands in the clone; gives all that they print. */
async function inClone(script: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const settings = {
    npm_config_update_notifier: 'false',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
  };
  const { stdout } = await run('sh', ['-c', `{ ${script}; } 2>&1`], {
    cwd: clone,
    env: {
      ...npmEnvironment,
      ...settings,
      npm_config_prefix: prefix,
      npm_config_prefer_offline: 'true',
      ...env,
    },
  });
  return stdout;
}

async function gardener(...words: string[]): Promise<string> {
  const { stdout } = await run(join(prefix, 'bin', 'gardener'), words, { cwd: home, env: environment(home) });
  return stdout;
}

async function builtAt(): Promise<number> {
  return (await stat(join(clone, 'dist', 'build.json'))).mtimeMs;
}

test('without the packages that build it, npm pack says which command is missing', async () => {
  await expect(inClone('npm pack')).rejects.toMatchObject({
    stdout: expect.stringMatching(
      /cannot build .* are not installed; run "npm ci", then try again\n/,
    ) as unknown,
  });
});

test('the README has three commands for a clone, of which CI runs that for the tests', async () => {
  expect(typed).toHaveLength(3);
  expect(await readFile(join(root, '.ci/run'), 'utf8')).toContain(`\nrun ${TEST}\n`);
});

test('what sets everything up registers the clone', { timeout: PATIENCE_MS }, async () => {
  const place = environment(home);
  const settings = { ...place, npm_config_cache: join(userInfo().homedir, '.npm') };
  expect(await inClone(`${SET_UP}; npx gardener daemon stop`, settings)).toMatch(
    /^added a clone {2}typescript, /m,
  );
  await rm(join(clone, 'dist'), { recursive: true });
});

test('npm ci builds without a word, and what it built is packed', { timeout: PATIENCE_MS }, async () => {
  expect(await inClone('npm ci')).toMatch(/^\n?added \d+ packages in \w+\n$/);
  const built = await builtAt();
  expect(await inClone('npm pack --silent')).toBe(`codebase-gardener-${manifest.version}.tgz\n`);
  expect(await builtAt()).toBe(built);
});

test('what lies about in the clone is not packed', async () => {
  const files = async (): Promise<string[]> => {
    const [packed] = JSON.parse(await inClone('npm pack --dry-run --json --silent')) as [
      { files: { path: string }[] },
    ];
    return packed.files.map(({ path }) => path);
  };
  const before = await files();
  const strangers = [
    'launchd/.env',
    'client/python/secret.py',
    'client/python/codebase_gardener_registry/secret.py',
    'dist/.env',
    'dist/notes/gardener.js',
  ];
  await inClone(`mkdir dist/notes; touch ${strangers.join(' ')}`);
  expect(await files()).toEqual(before);
  await inClone(`rm -r dist/notes ${strangers.filter((path) => !path.includes('notes')).join(' ')}`);
});

test('a build that fails tells why', { timeout: PATIENCE_MS }, async () => {
  const script = 'cp client/index.ts kept; echo "import \\"./nothing.ts\\";" >>client/index.ts; npm ci';
  const failed = await inClone(script).catch((error: unknown) => (error as { stdout: string }).stdout);
  await inClone('mv kept client/index.ts');
  expect(failed).toMatch(/cannot build what is to be run and packed: npm run build fails/);
  expect(failed).toContain("Could not resolve './nothing.ts' in client/index.ts");
  // No more than that, its place, and what npm has to say of it.
  expect(stripVTControlCharacters(failed)).toBe(failed);
  expect(failed).not.toContain('rolldown/dist');
  expect(failed.split('\n').length).toBeLessThan(20);
});

test(
  'a release is packed twice to the same bytes, with a formula of that',
  { timeout: PATIENCE_MS },
  async () => {
    const name = `codebase-gardener-${manifest.version}.tgz`;
    const packed: Buffer[] = [];
    for (const place of ['one', 'two']) {
      const script = `rm -rf dist; .github/pack.sh v${manifest.version} ${place}`;
      expect(await inClone(script, { SOURCE_DATE_EPOCH: '1780000000' })).toBe('');
      packed.push(await readFile(join(clone, place, name)));
    }
    const [one = Buffer.of(), two] = packed;
    expect(two && one.equals(two)).toBe(true);
    const formula = await readFile(join(clone, 'two', 'codebase-gardener.rb'), 'utf8');
    expect(formula).toContain(`/v${manifest.version}/${name}"`);
    expect(formula).toContain(`sha256 "${createHash('sha256').update(one).digest('hex')}"`);
    expect(formula).not.toContain('@');
  },
);

test('a release of another version than is here is refused', async () => {
  await expect(inClone('.github/pack.sh v99.0.0 three')).rejects.toMatchObject({
    stdout: expect.stringMatching(/^cannot pack v99\.0\.0: /) as unknown,
  });
});

test('what is installed from the clone survives it', { timeout: PATIENCE_MS }, async () => {
  // What npm has to say of both.
  expect(await inClone(INSTALL)).toMatch(/^(\n?added \d+ packages? in \w+\n){2}$/);
  expect(await gardener('add', '.', '--name', 'here')).toMatch(/^added here /);
  const next = manifest.version.replace(/\d+$/, (patch) => String(Number(patch) + 1));
  const update = `npm version ${next} --no-git-tag-version --silent; npm install --global "$(npm pack --silent)"`;
  // While the daemon of the version before runs, which the next command replaces.
  await inClone(update);
  await rm(clone, { recursive: true });
  expect(await gardener('ls')).toContain('here');
  expect(JSON.parse(await gardener('daemon', 'status', '--json'))).toMatchObject({ version: next });
});
