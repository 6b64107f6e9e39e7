/** The programs in the readmes, as they stand there: each does what is said of it, alone, and nothing else. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeEach, expect, test, type TestContext } from 'vitest';
import { builtProgram, type CommandLine, commandLine } from '../support/cli.ts';
import { environment } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { lend } from '../package/packed.ts';
import { until } from '../support/until.ts';
import { Readme, requireAllRun } from './readme.ts';
import { firstLines, projects } from './running.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const readme = await Readme.of('README.md');
const pythonReadme = await Readme.of('client/python/README.md');
/** What commands.test.ts tries, that is typed and that a shell is given, and what agents.test.ts does. */
const ELSEWHERE = ['$', '', 'bash', 'zsh', 'fish', 'text'];
const STRICT = { strict: true, target: 'es2022', lib: ['esnext'], module: 'nodenext', types: ['node'] };

let cli: CommandLine;

beforeEach(async () => {
  cli = await commandLine();
  for (const name of ['payments', 'website', 'search'])
    await cli.codebase(`src/${name}`, { 'index.ts': 'export {};\n' });
});

/** What the daemon was asked to change, by whom does not matter. */
async function changes(): Promise<string[]> {
  const log = await readFile(join(cli.dataDir, 'logs', 'registry.log'), 'utf8');
  const entries = log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
  return entries.flatMap(({ msg, method }) => (msg === 'changed' ? [String(method)] : []));
}

/** Compiles an example of TypeScript for Node; gives the program. */
async function compiled(text: string): Promise<string> {
  const directory = join(cli.home, 'app');
  await mkdir(join(directory, 'node_modules'), { recursive: true });
  await symlink(ROOT, join(directory, 'node_modules', 'codebase-gardener'));
  for (const name of ['@types/node', 'undici-types']) await lend(directory, name);
  await writeFile(join(directory, 'package.json'), '{"type":"module"}');
  await writeFile(join(directory, 'example.ts'), text);
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions: STRICT }));
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const { stdout } = await run(tsc, ['-p', '.'], { cwd: directory }).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
  return join(directory, 'example.js');
}

async function weights(): Promise<string> {
  return await readFile(String((await projects(cli))['payments']?.['lora_adapter_path']), 'utf8');
}

/** Has somebody else train the project that the examples are about, to the end of the test. */
async function trainedByAnother(): Promise<void> {
  cli.start(['train', 'payments', '--', 'sleep', '60']);
  await until(
    async () => (await projects(cli))['payments']?.['training_status'] === 'training',
    'it is trained',
  );
}

test('TypeScript that trains', async () => {
  await cli.json(['add', 'src/website']);
  const before = await projects(cli);
  const program = await compiled(readme.take('ts', 'training.run', cli.home));
  const options = { cwd: join(cli.home, 'src/payments'), env: environment(cli.home) };
  expect(await run(process.execPath, [program], options)).toEqual({ stdout: '', stderr: '' });
  const { payments, ...others } = await projects(cli);
  expect(payments).toMatchObject({
    source_path: options.cwd,
    language: 'typescript',
    training_status: 'completed',
    metadata: { loss: 0.1 },
  });
  expect(await weights()).toBe('weights');
  expect(others).toEqual(before);
  await trainedByAnother();
  const { stdout } = await run(process.execPath, [program], options);
  expect(stdout).toBe('somebody else is at it: sleep\n');
});

test('TypeScript that changes and watches', async () => {
  for (const name of ['website', 'payments']) await cli.json(['add', `src/${name}`]);
  const { website } = await projects(cli);
  const counted = (await changes()).length;
  const program = await compiled(readme.take('ts', 'if_etag', cli.home));
  expect(await firstLines(cli, process.execPath, [program])).toBe('resync\n');
  const asked = ['projects.update', 'projects.activate'];
  expect((await changes()).slice(counted)).toEqual(asked);
  expect(await projects(cli)).toMatchObject({ payments: { tags: ['work'] }, website });
  expect(await cli.json(['which'])).toMatchObject({ project: { name: 'payments' } });
});

/** What Python is started with. */
function forPython(): NodeJS.ProcessEnv {
  return {
    ...environment(cli.home),
    GARDENER: `${process.execPath} ${builtProgram('gardener.js')}`,
    PYTHONPATH: join(ROOT, 'client/python'),
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
  };
}

async function python(script: string): Promise<string> {
  return (await run('python3', ['-W', 'error', '-c', script], { env: forPython() })).stdout;
}

test('Python with the client', async (context: TestContext) => {
  const script = readme.take('python', 'get_project_registry', cli.home);
  requireTools(context, 'python3');
  await cli.json(['add', 'src/website']);
  const before = await projects(cli);
  const words = ['-W', 'error', '-c', script];
  expect(await firstLines(cli, 'python3', words, forPython())).toBe('resync\n');
  const { payments, ...others } = await projects(cli);
  expect(payments).toMatchObject({
    source_path: join(cli.home, 'src/payments'),
    language: 'typescript',
    training_status: 'completed',
    training: { phase: 'training', holder: null, outcome: 'completed' },
  });
  expect(await weights()).toBe('weights');
  expect(others).toEqual(before);
  await trainedByAnother();
  expect(await firstLines(cli, 'python3', words, forPython())).toMatch(/^somebody else is at it: .*sleep/);
});

test('Python with asyncio', async (context) => {
  const script = readme.take('python', 'AsyncProjectRegistry', cli.home);
  requireTools(context, 'python3');
  for (const name of ['payments', 'website']) await cli.json(['add', `src/${name}`]);
  const { website } = await projects(cli);
  expect(await python(script)).toBe('');
  expect(await projects(cli)).toMatchObject({
    payments: { training: { phase: 'training', outcome: 'completed' } },
    website,
  });
});

test('the readme of the Python client, each example alone', async (context) => {
  const adds = pythonReadme.take('python', 'add_project', cli.home);
  const trains = pythonReadme.take('python', 'LeaseHeldError', cli.home);
  const asynchronous = pythonReadme.take('python', 'asyncio', cli.home);
  requireTools(context, 'python3');
  await cli.json(['add', 'src/website']);
  const { website } = await projects(cli);
  const added = 'payments typescript not_started\nwebsite typescript not_started\n';
  expect(await python(adds)).toBe(added);
  // It is known now.
  expect(await python(adds)).toBe(added);
  expect(await cli.json(['which'])).toMatchObject({ project: { name: 'payments' } });
  expect(await python(trains)).toBe('');
  expect(await weights()).toBe('weights');
  expect(await python(asynchronous)).toBe('resync\n');
  expect(await weights()).toBe('more weights');
  expect(await projects(cli)).toMatchObject({ payments: { training_status: 'completed' }, website });
});

test('Python with nothing but a socket', async (context) => {
  const script = readme.take('python', 'AF_UNIX', cli.home);
  requireTools(context, 'python3');
  for (const name of ['payments', 'website']) await cli.json(['add', `src/${name}`]);
  await cli.run(['train', 'website', '--', 'false']);
  const before = await projects(cli);
  const { stdout } = await run('python3', ['-c', script], {
    env: environment(cli.home),
  });
  expect(stdout).toBe(`website ${join(cli.home, 'src/website')}\n`);
  expect(await projects(cli)).toEqual(before);
});

test('Python in a trainer', async (context) => {
  const script = readme.take('python', 'GARDENER_PROGRESS_FD', cli.home);
  requireTools(context, 'python3');
  for (const name of ['payments', 'website']) await cli.json(['add', `src/${name}`]);
  const { website } = await projects(cli);
  const words = ['train', 'payments', '--', 'python3', '-c', script];
  expect(await cli.run(words)).toMatchObject({
    code: 0,
    stderr: expect.not.stringContaining('cannot') as string,
  });
  expect(await projects(cli)).toMatchObject({
    payments: { training_status: 'completed', file_count: 412, metadata: { loss: 0.1 } },
    website,
  });
});

test('there is no other program in a readme', (context) => {
  requireAllRun(context);
  // By which pip installs: test/package/python.slow.test.ts.
  pythonReadme.takeCommands('', '');
  expect([...readme.untried(...ELSEWHERE), ...pythonReadme.untried()]).toEqual([]);
});
