/** The examples of the README, as they stand there: each does what is said of it, and nothing else. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeEach, expect, onTestFinished, test, type TestContext } from 'vitest';
import { builtProgram, type CommandLine, commandLine } from '../support/cli.ts';
import { environment } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { lend } from '../package/packed.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const README = await readFile(join(ROOT, 'README.md'), 'utf8');

/** The home directory of whoever the examples are written for. */
const ADA = '/home/ada';
const STRICT = { strict: true, target: 'es2022', lib: ['esnext'], module: 'nodenext', types: ['node'] };

let cli: CommandLine;

beforeEach(async () => {
  cli = await commandLine();
  for (const name of ['payments', 'website', 'search'])
    await cli.codebase(`src/${name}`, { 'index.ts': 'export {};\n' });
});

/** The only example of a language that has these words, with this home for Ada's. */
function example(language: string, words: string): string {
  const found = examplesIn(README, language).filter((text) => text.includes(words));
  expect(found).toHaveLength(1);
  return String(found[0]);
}

/** All of a language in a text, with this home for Ada's. */
function examplesIn(markdown: string, language: string): string[] {
  const fences = [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return fences.flatMap(([, of, text = '']) => (of === language ? [text.replaceAll(ADA, cli.home)] : []));
}

/** The commands under a heading, without what is said of them. */
function commands(heading: string): string[] {
  const [, section = ''] = README.split(`\n## ${heading}\n`);
  const [text = ''] = section.split('\n## ');
  return [...text.matchAll(/^ {4}\$ (.+?)(?: {2,}#.*)?$/gm)].map(([, command = '']) => command);
}

/** Runs a program that goes on for ever until it has printed a line. */
async function firstLines(command: string, words: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const child: ChildProcess = spawn(command, words, {
    cwd: cli.home,
    env: { ...environment(cli.home), ...env },
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  onTestFinished(() => void child.kill('SIGKILL'));
  await until(() => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${stderr}`);
    return stdout.includes('\n');
  }, 'it prints');
  child.kill('SIGTERM');
  await ended;
  return stdout;
}

/** What the daemon was asked to change, by whom does not matter. */
async function changes(): Promise<string[]> {
  const log = await readFile(join(cli.dataDir, 'logs', 'registry.log'), 'utf8');
  const entries = log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
  return entries.flatMap(({ msg, method }) => (msg === 'changed' ? [String(method)] : []));
}

async function projects(): Promise<Record<string, Record<string, unknown>>> {
  const { projects: all } = (await cli.json(['ls'])) as {
    projects: (Record<string, unknown> & { name: string })[];
  };
  return Object.fromEntries(all.map((project) => [project.name, project]));
}

/** Compiles an example of TypeScript for Node; gives the program. */
async function compiled(words: string): Promise<string> {
  const directory = join(cli.home, 'app');
  await mkdir(join(directory, 'node_modules'), { recursive: true });
  await symlink(ROOT, join(directory, 'node_modules', 'codebase-gardener'));
  for (const name of ['@types/node', 'undici-types']) await lend(directory, name);
  await writeFile(join(directory, 'package.json'), '{"type":"module"}');
  await writeFile(join(directory, 'example.ts'), example('ts', words));
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions: STRICT }));
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const { stdout } = await run(tsc, ['-p', '.'], { cwd: directory }).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
  return join(directory, 'example.js');
}

test('TypeScript', { timeout: 60_000 }, async () => {
  await cli.json(['add', 'src/website']);
  const before = await projects();
  const counted = (await changes()).length;
  const program = await compiled('activate');
  expect(await firstLines(process.execPath, [program], {})).toBe('resync\n');
  const { payments, ...others } = await projects();
  expect(payments).toMatchObject({ source_path: join(cli.home, 'src/payments'), file_count: 412 });
  expect(payments).toMatchObject({ training_status: 'not_started' });
  expect((await cli.json(['which'])) as object).toMatchObject({ project: { name: 'payments' } });
  expect(others).toEqual(before);
  expect((await changes()).slice(counted)).toEqual([
    'projects.register',
    'projects.update',
    'projects.activate',
  ]);
  // As after the other examples.
  expect(await firstLines(process.execPath, [program], {})).toBe('resync\n');
});

test('TypeScript that trains', { timeout: 60_000 }, async () => {
  await cli.json(['add', 'src/payments']);
  const program = await compiled('training.begin');
  await run(process.execPath, [program], { env: environment(cli.home) });
  const { payments } = await projects();
  expect(payments).toMatchObject({ training_status: 'completed', metadata: { loss: 0.1 } });
  expect(await readFile(String(payments?.['lora_adapter_path']), 'utf8')).toBe('weights');
});

test('Python with the client', async (context: TestContext) => {
  requireTools(context, 'python3');
  await cli.json(['add', 'src/website']);
  const before = await projects();
  const env = {
    PYTHONPATH: join(ROOT, 'client/python'),
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
  };
  const script = example('python', 'get_project_registry');
  expect(await firstLines('python3', ['-c', script], env)).toBe('resync\n');
  // As after the other examples.
  expect(await firstLines('python3', ['-c', script], env)).toBe('resync\n');
  const { payments, ...others } = await projects();
  expect(payments).toMatchObject({
    source_path: join(cli.home, 'src/payments'),
    language: 'typescript',
    training_status: 'completed',
    training: { phase: 'training', holder: null, outcome: 'completed' },
  });
  expect(await readFile(String(payments?.['lora_adapter_path']), 'utf8')).toBe('weights');
  expect(others).toEqual(before);
});

test('the readme of the Python client, each example alone', { timeout: 60_000 }, async (context) => {
  requireTools(context, 'python3');
  await cli.json(['add', 'src/website']);
  const { website } = await projects();
  const readme = await readFile(join(ROOT, 'client/python/README.md'), 'utf8');
  const [adds = '', trains = '', asynchronous = ''] = examplesIn(readme, 'python');
  const env = {
    ...environment(cli.home),
    GARDENER: `${process.execPath} ${builtProgram('gardener.js')}`,
    PYTHONPATH: join(ROOT, 'client/python'),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const python = async (script: string) =>
    (await run('python3', ['-W', 'error', '-c', script], { env })).stdout;
  const weights = async () => readFile(String((await projects())['payments']?.['lora_adapter_path']), 'utf8');
  const added = 'payments typescript not_started\nwebsite typescript not_started\n';
  expect(await python(adds)).toBe(added);
  // It is known now.
  expect(await python(adds)).toBe(added);
  expect(await cli.json(['which'])).toMatchObject({ project: { name: 'payments' } });
  expect(await python(trains)).toBe('');
  expect(await weights()).toBe('weights');
  expect(await python(asynchronous)).toBe('resync\n');
  expect(await weights()).toBe('more weights');
  expect(await projects()).toMatchObject({ payments: { training_status: 'completed' }, website });
});

test('Python with nothing but a socket', async (context) => {
  requireTools(context, 'python3');
  for (const name of ['payments', 'website']) await cli.json(['add', `src/${name}`]);
  await cli.run(['train', 'website', '--', 'false']);
  const before = await projects();
  const { stdout } = await run('python3', ['-c', example('python', 'AF_UNIX')], {
    env: environment(cli.home),
  });
  expect(stdout).toBe(`website ${join(cli.home, 'src/website')}\n`);
  expect(await projects()).toEqual(before);
});

test('Python in a trainer', async (context) => {
  requireTools(context, 'python3');
  for (const name of ['payments', 'website']) await cli.json(['add', `src/${name}`]);
  const { website } = await projects();
  const words = ['train', 'payments', '--', 'python3', '-c', example('python', 'GARDENER_PROGRESS_FD')];
  expect(await cli.run(words)).toMatchObject({
    code: 0,
    stderr: expect.not.stringContaining('cannot') as string,
  });
  expect(await projects()).toMatchObject({
    payments: { training_status: 'completed', file_count: 412, metadata: { loss: 0.1 } },
    website,
  });
});

/** An environment with gardener on the path, and programs that train, which note how they were called. */
async function withPrograms(): Promise<NodeJS.ProcessEnv> {
  const bin = join(cli.home, 'bin');
  await mkdir(bin);
  const scripts = {
    gardener: `exec '${process.execPath}' '${builtProgram('gardener.js')}' "$@"`,
    python: `echo "$GARDENER_PROJECT_NAME: python $*" | tee -a "$HOME/trained" > "$GARDENER_PROJECT_LORA_ADAPTER_PATH"`,
    make: `echo "$GARDENER_PROJECT_NAME: make $*" | tee -a "$HOME/trained" > "$GARDENER_PROJECT_LORA_ADAPTER_PATH"`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  const env = environment(cli.home);
  return { ...env, PATH: `${bin}${delimiter}${env['PATH']}` };
}

async function shell(): Promise<(command: string) => Promise<string>> {
  const env = await withPrograms();
  return async (command) => (await run('sh', ['-c', command], { cwd: cli.home, env })).stdout;
}

test('the commands of every day', { timeout: 60_000 }, async (context) => {
  requireTools(context, ['git', 'jq']);
  const sh = await shell();
  await sh('git init -q src/payments');
  const said = new Map<string, string>();
  const all = commands('Everyday use');
  expect(all.length).toBeGreaterThan(7);
  for (const command of all) {
    // Where there is no terminal to ask, it wants to be told.
    said.set(command, await sh(command.replace('gardener rm ', 'gardener rm --yes ')));
  }
  const { payments, ...others } = await projects();
  expect(payments).toMatchObject({
    source_path: join(cli.home, 'src/payments'),
    tags: ['work', 'urgent'],
    metadata: { owner: 'sam' },
    retrain_requested: { reason: 'new base model' },
  });
  expect(others).toEqual({
    search: expect.objectContaining({
      source_path: join(cli.home, 'search'),
      tags: [],
      metadata: {},
    }) as object,
  });
  expect(existsSync(join(cli.home, 'src/website/index.ts'))).toBe(true);
  expect(said.get('gardener which')).toContain('website');
  expect(said.get('gardener show sea')).toContain('search');
  const printed = (beginning: string): string[] =>
    [...said].flatMap(([command, text]) => (command.startsWith(beginning) ? text.split('\n') : []));
  expect(printed('gardener foreach')).toContain('?? index.ts');
  expect(printed('gardener ls --quiet')).toEqual([`${cli.home}/src/payments`, `${cli.home}/search`, '']);
  expect(printed('gardener ls --waiting')).toContainEqual(
    expect.stringMatching(/payments +new base model +work, urgent/),
  );
  expect(printed('gardener status')).toEqual(['payments', 'search', '']);
});

test.for([
  ['bash', '--norc', 'echo "${PS1@P}"'],
  ['zsh', '-f', 'print -P "$PROMPT"'],
  ['fish', '--no-config', 'fish_prompt'],
] as const)('the lines for %s, and the commands there', async ([program, flag, prompt], context) => {
  requireTools(context, program);
  const env = await withPrograms();
  for (const name of ['payments', 'search']) await cli.json(['add', `src/${name}`]);
  const all = commands('In the shell');
  expect(all.length).toBeGreaterThan(1);
  const script = [example(program, 'gardener init'), ...all, 'pwd', prompt].join('\n');
  const { stdout } = await run(program, [flag, '-c', script], { cwd: cli.home, env });
  expect(stdout).toMatch(new RegExp(`^${join(cli.home, 'src/payments')}\nsearch `));
});

test('the commands that train', { timeout: 60_000 }, async () => {
  const sh = await shell();
  for (const name of ['payments', 'search']) await cli.json(['add', `src/${name}`, '--language', 'python']);
  await cli.json(['add', 'src/website']);
  const all = commands('Watching and training').filter((command) => command !== 'gardener watch');
  expect(all.length).toBeGreaterThan(3);
  for (const command of all) await sh(command);
  expect((await readFile(join(cli.home, 'trained'), 'utf8')).split('\n')).toEqual([
    'payments: python train.py --epochs 3',
    'payments: python train.py',
    'payments: make train',
    'search: python train.py',
    'website: python train.py',
    '',
  ]);
  expect(await projects()).toMatchObject({
    payments: { training_status: 'completed' },
    search: { training_status: 'completed' },
    website: { training_status: 'completed' },
  });
  // What the last of them takes back.
  const { payments } = await projects();
  expect(await readFile(String(payments?.['lora_adapter_path']), 'utf8')).toContain('train.py');
});
