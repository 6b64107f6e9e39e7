import { execFile, spawn } from 'node:child_process';
import { appendFile, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isGone } from '../../../client/cli/daemon/processes.ts';
import { standIn } from '../../client/stand-in.ts';
import { Gardenerd, greet } from '../../faults/support/gardenerd.ts';
import { builtProgram, commandLine } from '../../support/cli.ts';
import { countedAnew } from '../../support/namespaces.ts';
import { until } from '../../support/until.ts';

const TIME = '2026-05-10T12:00:00.042Z';

interface Started {
  readonly pid: number;
  readonly started: boolean;
}

test('the daemon is started, found running, and stopped', async () => {
  const cli = await commandLine();
  expect(await cli.run(['daemon', 'status'])).toMatchObject({
    code: 3,
    stdout: '',
    stderr: 'gardener: the daemon is not running\ntry: gardener daemon start\n',
  });
  expect((await cli.run(['daemon', 'stop'])).stdout).toBe('no daemon is running\n');
  const { pid, started } = (await cli.json(['daemon', 'start'])) as Started;
  expect(started).toBe(true);
  expect(await cli.json(['daemon', 'start'])).toMatchObject({ started: false, pid });
  expect((await cli.run(['daemon', 'start'])).stdout).toMatch(
    new RegExp(`^the daemon is running already: pid ${pid}, version `),
  );
  expect(await cli.json(['daemon', 'status'])).toMatchObject({ pid, manager: 'spawned' });
  expect(await cli.json(['daemon', 'stop'])).toEqual({ stopped: true, pid });
  expect(await isGone(pid)).toBe(true);
  await expect(stat(join(cli.dataDir, 'run', 'registry.sock'))).rejects.toThrow('ENOENT');
  expect(await cli.json(['daemon', 'stop'])).toEqual({ stopped: false });
});

test('a restart is another process', async () => {
  const cli = await commandLine();
  const { pid } = (await cli.json(['daemon', 'start'])) as Started;
  const again = (await cli.json(['daemon', 'restart'])) as { stopped: number; pid: number };
  expect(again.stopped).toBe(pid);
  expect(again.pid).not.toBe(pid);
  expect(await isGone(pid)).toBe(true);
  await cli.run(['daemon', 'stop']);
  expect(await cli.json(['daemon', 'restart'])).toMatchObject({ stopped: null });
});

test('a daemon whose number is another process’s here, as in a container, is stopped and replaced all the same', async (context) => {
  const enter = await countedAnew(context);
  const cli = await commandLine();
  const socket = join(cli.dataDir, 'run', 'registry.sock');
  for (const [words, said] of [
    ['stop', 'stopped the daemon: pid 1\n'],
    ['restart', expect.stringMatching(/^restarted the daemon: pid \d+, /) as string],
  ] as const) {
    const daemon = new Gardenerd(cli.dataDir, { enter });
    await until(async () => (await greet(socket)) === 1, 'it answers');
    expect(await cli.run(['daemon', words])).toMatchObject({ code: 0, stdout: said, stderr: '' });
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
  }
});

test('a daemon that does not end is not named by a number that is another process’s here', async () => {
  const cli = await commandLine();
  const stranger = spawn('sleep', ['60']);
  onTestFinished(() => void stranger.kill());
  const { pid } = stranger;
  const socket = join(cli.home, 'other.sock');
  await standIn(
    ({ method }) =>
      ({ 'daemon.status': { pid, manager: 'spawned', socket }, 'daemon.shutdown': null })[method],
    socket,
  );
  expect(await cli.run(['--socket', socket, 'daemon', 'stop'])).toMatchObject({
    code: 1,
    stderr:
      'gardener: cannot stop the daemon: it has not ended after 15 s\n' +
      `try: gardener --socket ${socket} daemon logs, or look for it with: ps ax | grep gardenerd, also in containers that share the directory\n`,
  });
});

test('status shows what the daemon is doing', async () => {
  const cli = await commandLine();
  await cli.run(['ls']);
  const { stdout } = await cli.run(['daemon', 'status']);
  expect(stdout).toMatch(/^daemon +running for .*, started on demand$/m);
  expect(stdout).toMatch(/^socket +~\/\.codebase-gardener\/run\/registry\.sock$/m);
  expect(stdout).toMatch(/^METHOD +CALLS +P50 MS +P95 MS +P99 MS +MAX MS$/m);
  expect(stdout).toMatch(/^projects\.list +1 /m);
});

describe('daemon run', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('is the daemon until %s, and ends well', async (signal) => {
    const cli = await commandLine();
    const running = cli.start(['daemon', 'run', '--log-level', 'debug']);
    const status = await until(async () => {
      const { code, stdout } = await cli.run(['daemon', 'status', '--json']);
      return code === 0 && (JSON.parse(stdout) as { pid: number; manager: string });
    }, 'the daemon answers');
    expect(status).toMatchObject({ pid: running.child.pid, manager: 'foreground' });
    running.child.kill(signal);
    expect(await running.finished).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  });

  test('gives way to a daemon that runs already', async () => {
    const cli = await commandLine();
    await cli.run(['daemon', 'start']);
    const { code, stderr } = await cli.run(['daemon', 'run']);
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('a daemon is already running') as string,
    });
  });

  test('refuses a log level that is none', async () => {
    const cli = await commandLine();
    expect(await cli.run(['daemon', 'run', '--log-level', 'loud'])).toMatchObject({ code: 2, stdout: '' });
  });

  test('hands its flags on', async () => {
    const cli = await commandLine();
    const dataDir = join(cli.home, '--odd dir');
    const flags = [`--data-dir=${dataDir}`];
    const running = cli.start(['daemon', 'run', ...flags]);
    await until(async () => (await cli.run([...flags, 'daemon', 'status'])).code === 0, 'the daemon answers');
    expect(await cli.run(['daemon', 'status'])).toMatchObject({ code: 3 });
    await cli.run([...flags, 'daemon', 'stop']);
    expect(await running.finished).toMatchObject({ code: 0 });
  });
});

describe('logs', () => {
  test('are there without a daemon', async () => {
    const cli = await commandLine();
    expect(await cli.run(['daemon', 'logs'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'there is no log yet; it will be ~/.codebase-gardener/logs/registry.log\n',
    });
    await cli.run(['daemon', 'start']);
    await cli.run(['daemon', 'stop']);
    expect((await cli.run(['daemon', 'logs', '-n', '1'])).stdout).toMatch(/^[\d:.]+ {2}INFO {3}stopped\n$/);
    const lines = (await cli.run(['daemon', 'logs', '--json'])).stdout.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(
      expect.arrayContaining(['started', 'stopped']),
    );
  });

  test('are followed', async () => {
    const cli = await commandLine();
    await cli.run(['daemon', 'start']);
    const following = cli.start(['daemon', 'logs', '-f', '-n', '1']);
    await until(() => following.output.stdout.includes('started'), 'the last line is there');
    await cli.run(['daemon', 'stop']);
    await until(() => following.output.stdout.includes('stopped'), 'the new lines are there');
    following.child.kill('SIGINT');
    expect(await following.finished).toMatchObject({ code: 130, signal: null, stderr: '' });
  });

  test('of a level are looked for in older files, too, and counted as such', async () => {
    const cli = await commandLine();
    const logs = join(cli.dataDir, 'logs');
    await mkdir(logs, { recursive: true });
    const lines = (...entries: readonly (readonly [level: number, msg: string])[]): string =>
      entries.map(([level, msg]) => `${JSON.stringify({ level, time: TIME, msg })}\n`).join('');
    await writeFile(join(logs, 'registry.log.2'), lines([50, 'a'], [40, 'b'], [30, 'c']));
    await writeFile(join(logs, 'registry.log.1'), lines([30, 'd'], [20, 'e']));
    await writeFile(join(logs, 'registry.log'), `${lines([30, 'f'], [50, 'g'])}crash!\n`);
    const shown = async (...words: string[]): Promise<string> =>
      (await cli.run(['daemon', 'logs', ...words])).stdout
        .trimEnd()
        .replace(/^.* /gm, '')
        .replaceAll('\n', '');
    expect(await shown('--level', 'warning')).toBe('abgcrash!');
    expect(await shown('--level', 'ERROR', '-n', '2')).toBe('gcrash!');
    expect(await shown('-n', '4')).toBe('efgcrash!');
    expect(await cli.run(['daemon', 'logs', '--level', 'loud'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('it is one of DEBUG, INFO, WARNING, ERROR') as string,
    });
    const following = cli.start(['daemon', 'logs', '-f', '--level', 'error', '-n', '1', '--json']);
    await until(() => following.output.stdout.includes('crash'), 'the last line is there');
    await appendFile(join(logs, 'registry.log'), lines([30, 'h'], [50, 'i']));
    await until(() => following.output.stdout.includes('"i"'), 'the new line is there');
    expect(following.output.stdout).toBe(`crash!\n${lines([50, 'i'])}`);
    following.child.kill('SIGINT');
    await following.finished;
  });

  test('whoever reads them may go away', async () => {
    const cli = await commandLine();
    await cli.run(['daemon', 'start']);
    const following = cli.start(['daemon', 'logs', '-f']);
    await until(() => following.output.stdout.includes('started'), 'the last line is there');
    following.child.stdout?.destroy();
    await cli.run(['daemon', 'stop']);
    expect(await following.finished).toMatchObject({ code: 0, stderr: '' });
  });
});

test('a file of a service that cannot be read keeps nobody from the registry', async () => {
  const cli = await commandLine();
  await mkdir(join(cli.home, '.config/systemd/user/codebase-gardener-registry.service'), { recursive: true });
  expect(await cli.run(['ls'])).toMatchObject({ code: 0 });
});

describe('a daemon that is not there', () => {
  const words = [
    ['ls'],
    ['status'],
    ['show', 'x'],
    ['call', 'daemon.ping'],
    ['add', '.'],
    ['rm', '--yes', 'x'],
  ];

  test.each(words.map((line) => [line.join(' '), line] as const))(
    'is not started by %s --no-start',
    async (_name, line) => {
      const cli = await commandLine();
      const { code, stdout, stderr } = await cli.run([...line, '--no-start', '--json']);
      expect(code).toBe(3);
      expect(stderr).toMatch(
        /^gardener: cannot reach the registry: no daemon listens on .*\ntry: gardener daemon start\n$/,
      );
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: null, data: { kind: 'not_running' } } });
      await expect(stat(cli.dataDir)).rejects.toThrow('ENOENT');
    },
  );

  test('is started by everybody else, also at another place', async () => {
    const cli = await commandLine();
    const socket = join(cli.home, 'my.sock');
    const where = ['--data-dir', '~/data', '--socket', socket];
    expect(await cli.json([...where, 'status'])).toMatchObject({
      daemon: { socket, data_dir: join(cli.home, 'data') },
      registry: { project_count: 0, problem: null },
      active_project: null,
    });
    expect((await cli.run([...where, 'status'])).stdout).toMatch(
      /^projects +none yet +gardener --data-dir \S+ --socket \S+ add \.$/m,
    );
    await cli.run([...where, 'daemon', 'stop']);
  });
});

describe('for a socket that was given without a data directory', () => {
  const hint = 'try: to start the daemon where it is to run, or here with --data-dir, too\n';

  test.each([
    ['a flag', (socket: string) => ({ words: ['--socket', socket], env: {} })],
    ['the environment', (socket: string) => ({ words: [], env: { CODEBASE_GARDENER_SOCKET: socket } })],
    [
      'a flag, whatever data directory a profile names',
      (socket: string) => ({
        words: ['--socket', socket],
        env: { CODEBASE_GARDENER_DATA_DIR: join(dirname(socket), '.codebase-gardener') },
      }),
    ],
  ])('nothing is started, when it was given by %s', async (_what, given) => {
    const cli = await commandLine();
    const socket = join(cli.home, 'tunnel.sock');
    const { words, env } = given(socket);
    const listed = await cli.run([...words, 'ls'], { env });
    expect(listed).toMatchObject({ code: 3, stdout: '' });
    expect(listed.stderr).toBe(
      `gardener: cannot reach the registry: no daemon listens on ~/tunnel.sock\n${hint}`,
    );
    expect(await cli.run([...words, 'daemon', 'status'], { env })).toMatchObject({
      code: 3,
      stderr: `gardener: the daemon is not running\n${hint}`,
    });
    for (const what of ['start', 'restart']) {
      const { code, stderr } = await cli.run([...words, 'daemon', what], { env });
      expect(code).toBe(2);
      expect(stderr).toContain(`try: gardener daemon ${what} --data-dir <path> --socket ${socket}\n`);
    }
    await expect(stat(cli.dataDir)).rejects.toThrow('ENOENT');
  });

  test('nor is anything started where the data directory was given by a flag and the socket was not', async () => {
    const cli = await commandLine();
    const socket = join(cli.home, 'tunnel.sock');
    const env = { CODEBASE_GARDENER_SOCKET: socket };
    const place = ['--data-dir', cli.dataDir];
    const { code, stderr } = await cli.run([...place, 'ls'], { env });
    expect(code).toBe(3);
    expect(stderr).toContain('no daemon listens on ~/tunnel.sock\n');
    expect(stderr).toContain('try: the same with --socket, too, or without CODEBASE_GARDENER_SOCKET\n');
    const started = await cli.run([...place, 'daemon', 'start'], { env });
    expect(started.code).toBe(2);
    expect(started.stderr).toContain(
      `try: gardener daemon start --data-dir ${cli.dataDir} --socket ${socket}\n`,
    );
    await expect(stat(cli.dataDir)).rejects.toThrow('ENOENT');
    // Where it leads to a daemon, that is to be the one of these data.
    const there = ['--data-dir', join(cli.home, 'there'), '--socket', socket];
    await cli.json([...there, 'daemon', 'start']);
    const other = await cli.run([...place, 'ls'], { env });
    expect(other).toMatchObject({ code: 3, stdout: '' });
    expect(other.stderr).toContain(
      'cannot use ~/.codebase-gardener: CODEBASE_GARDENER_SOCKET leads to ~/tunnel.sock, where a daemon serves ~/there; unset it',
    );
    expect(await cli.json(['--data-dir', join(cli.home, 'there'), 'ls'], { env })).toMatchObject({
      projects: [],
    });
    await cli.json([...there, 'daemon', 'stop']);
  });

  test('a daemon that is there is used, stopped when told, and not restarted', async () => {
    const cli = await commandLine();
    const socket = join(cli.home, 'my.sock');
    const where = ['--data-dir', '~/data', '--socket', socket];
    const { pid } = (await cli.json([...where, 'daemon', 'start'])) as Started;
    expect(await cli.json(['--socket', socket, 'status'])).toMatchObject({ daemon: { pid, home: cli.home } });
    expect(await cli.run(['--socket', socket, 'daemon', 'restart'])).toMatchObject({ code: 2 });
    expect(await cli.json(['--socket', socket, 'daemon', 'stop'])).toEqual({ stopped: true, pid });
  });
});

test('the program works through a link, as packages install it', async () => {
  const cli = await commandLine();
  const link = join(cli.home, 'gardener');
  await symlink(builtProgram('gardener.js'), link);
  const env = { PATH: process.env['PATH'], HOME: cli.home };
  const { stdout } = await promisify(execFile)(link, ['call', 'daemon.ping'], { env });
  expect(stdout).toBe('"pong"\n');
});

test('a daemon that hangs is named, with the command that ends it, by whatever asks for it', async () => {
  const cli = await commandLine();
  const { pid } = (await cli.json(['daemon', 'start'])) as Started;
  process.kill(pid, 'SIGSTOP');
  onTestFinished(() => void process.kill(pid, 'SIGCONT'));
  for (const words of [['daemon', 'restart'], ['ls']]) {
    const { code, stderr } = await cli.run(words);
    expect(code).toBe(3);
    expect(stderr).toContain(`the daemon (process ${pid}) hangs`);
    expect(stderr).toContain(`try: gardener daemon logs; if it stays like this, end it: kill -9 ${pid}\n`);
  }
  process.kill(pid, 'SIGCONT');
});
