/** Which process a person may be advised to end: the daemon of that socket, and no other one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { isDaemonOf } from '../../src/claim/process-ids.ts';
import { resolvePaths } from '../../src/paths.ts';
import { environment, temporaryDirectory } from '../support/home.ts';
import { until } from '../support/until.ts';

let home: string;
let socket: string;
/** Programs of the daemon's names that only wait. */
let gardenerd: string;
let gardener: string;

beforeAll(async () => {
  home = await temporaryDirectory();
  const dataDir = join(home, '.codebase-gardener');
  ({ socket } = resolvePaths({ dataDir }, {}));
  gardenerd = join(home, 'gardenerd.js');
  gardener = join(home, 'gardener');
  await writeFile(gardenerd, 'console.log("ready"); setInterval(() => undefined, 60_000);');
  await symlink(gardenerd, gardener);
  await mkdir(join(dataDir, 'run'), { recursive: true });
});

/** Starts a program and gives its process id once it runs under its own name. */
async function start(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<number> {
  const child: ChildProcess = spawn(program, words, { env: { ...environment(home), ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  let isReady = program !== process.execPath;
  child.stdout?.on('data', () => (isReady = true));
  await until(() => isReady && child.pid !== undefined, `${program} runs`);
  return child.pid ?? 0;
}

const node = process.execPath;

test.for<[what: string, run: () => Promise<number>]>([
  ['with the socket as a flag', () => start(node, [gardenerd, '--socket', socket])],
  ['with the flag in one word', () => start(node, ['--no-warnings', gardenerd, `--socket=${socket}`])],
  [
    'with the data directory as a flag',
    () => start(node, [gardenerd, '--data-dir', join(home, '.codebase-gardener')]),
  ],
  ['run by the command line', () => start(node, [gardener, '--socket', socket, 'daemon', 'run'])],
])('the daemon %s is one', async ([, run]) => {
  expect(isDaemonOf(await run(), socket)).toBe(true);
});

// Elsewhere nobody is told the environment of another process.
test.runIf(process.platform === 'linux').for<[what: string, run: () => Promise<number>]>([
  ['at the default place', () => start(node, [gardenerd])],
  [
    'told by its environment',
    () => start(node, [gardenerd], { HOME: '/', CODEBASE_GARDENER_SOCKET: socket }),
  ],
])('the daemon %s is one', async ([, run]) => {
  expect(isDaemonOf(await run(), socket)).toBe(true);
});

test('the daemon of the same socket by another name is one', async () => {
  const link = await temporaryDirectory();
  await symlink(home, join(link, 'home'));
  const server = createServer().listen(socket);
  onTestFinished(() => void server.close());
  await until(() => server.listening, 'the socket is there');
  const pid = await start(node, [gardenerd, '--socket', socket]);
  expect(isDaemonOf(pid, join(link, 'home', '.codebase-gardener', 'run', 'registry.sock'))).toBe(true);
});

test.for<[what: string, run: () => Promise<number>]>([
  ['a process that has the number by now', () => start('sleep', ['60'])],
  ['who only looks at the program', () => start('tail', ['-f', gardenerd, '--socket', socket])],
  [
    'another program of Node',
    () => start(node, ['-e', 'console.log(1); setInterval(() => 0, 60_000)', gardenerd]),
  ],
  ['another command of the command line', () => start(node, [gardener, 'watch', '--socket', socket])],
  ['the daemon of another socket', () => start(node, [gardenerd, '--socket', join(home, 'other.sock')])],
  ['the daemon of other data', () => start(node, [gardenerd, '--data-dir', join(home, 'other')])],
])('%s is not', async ([, run]) => {
  expect(isDaemonOf(await run(), socket)).toBe(false);
});

test('a number of no process is not', () => {
  for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 31])
    expect(isDaemonOf(pid, socket), String(pid)).toBe(false);
});
