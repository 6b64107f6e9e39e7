/** One daemon a socket, whoever else is starting, was killed, is stuck, or left something in the way. */
import { spawn } from 'node:child_process';
import {
  access,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { basename, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { pidFile } from '../../src/claim/beside.ts';
import { privateName } from '../../src/claim/private-name.ts';
import { printable } from '../../src/system/printable.ts';
import { codebase, Gardenerd, greet, startGardenerd } from '../faults/support/gardenerd.ts';
import { temporaryDirectory } from '../support/home.ts';
import { countedAnew, insider } from '../support/namespaces.ts';
import { until } from '../support/until.ts';

/** Twenty processes that start on two cores. Milliseconds. */
const CROWD_MS = 60_000;

/** The one that is left of daemons that were started at once. */
async function survivorOf(all: readonly Gardenerd[]): Promise<Gardenerd> {
  const running = await until(
    () => {
      const left = all.filter(({ isRunning }) => isRunning);
      return left.length <= 1 && left;
    },
    'all but one have ended',
    CROWD_MS,
  );
  expect(running).toHaveLength(1);
  const [survivor] = running;
  if (!survivor) throw new Error('unreachable');
  return survivor;
}

async function survivorOfTwenty(dataDir: string): Promise<Gardenerd> {
  const all = Array.from({ length: 20 }, () => new Gardenerd(dataDir));
  const survivor = await survivorOf(all);
  for (const other of all.filter((daemon) => daemon !== survivor)) {
    expect(await other.ended, other.stderr).toEqual({ code: 0, signal: null });
    expect(other.stderr).toBe(
      `gardenerd: a daemon is already running (pid ${survivor.pid}, version ${await version(survivor)})\n`,
    );
  }
  return survivor;
}

async function version(daemon: Gardenerd): Promise<string> {
  await daemon.ready();
  const peer = await daemon.connect();
  const hello = await peer.call('daemon.hello', {});
  peer.socket.destroy();
  return String(hello['version']);
}

/** How many daemons have opened the registry of this data directory so far. */
async function starts({ paths }: Gardenerd): Promise<number> {
  const log = await readFile(paths.logFile, 'utf8');
  return log.split('\n').filter((line) => line.includes('"msg":"started"')).length;
}

describe('of twenty daemons started at once, one serves and the others end well', { timeout: 90_000 }, () => {
  test('where there was none', async () => {
    const survivor = await survivorOfTwenty(await temporaryDirectory());
    expect(await starts(survivor)).toBe(1);
  });

  test('where one was killed', async () => {
    const killed = await startGardenerd();
    const peer = await killed.connect();
    const source_path = await codebase(killed.paths.dataDir);
    await peer.call('projects.register', { name: 'a', source_path });
    await killed.kill();
    const survivor = await survivorOfTwenty(killed.paths.dataDir);
    expect(await starts(survivor)).toBe(2);
    expect(await (await survivor.connect()).call('projects.count')).toBe(1);
  });
});

test('the socket of a daemon that was killed is taken over', async () => {
  const killed = await startGardenerd();
  const { dataDir, socket } = killed.paths;
  await killed.kill();
  expect((await lstat(socket)).isSocket()).toBe(true);
  const next = await startGardenerd({ dataDir });
  expect(await readFile(pidFile(socket), 'utf8')).toBe(`${next.pid}\n`);
});

test('a daemon that is stopped keeps its socket, and whoever comes is told its process id', async () => {
  const stuck = await startGardenerd();
  const { dataDir, socket } = stuck.paths;
  const peer = await stuck.connect();
  await peer.call('daemon.ping');
  const { ino } = await stat(socket);
  stuck.signal('SIGSTOP');

  const newcomer = new Gardenerd(dataDir);
  expect(await newcomer.ended).toEqual({ code: 1, signal: null });
  expect(newcomer.stderr).toBe(
    `gardenerd: cannot take ${socket}: a daemon holds it and has not answered for 2 s; ` +
      `process ${stuck.pid} may be stopped or stuck; end it with: kill -9 ${stuck.pid}\n`,
  );
  expect((await stat(socket)).ino).toBe(ino);

  stuck.signal('SIGCONT');
  expect(await peer.call('daemon.ping')).toBe('pong');
  expect(await (await stuck.connect()).call('daemon.status')).toMatchObject({ pid: stuck.pid });
});

describe('a daemon that is stopped is not named by a number that is another process’s here', () => {
  function refusal(socket: string): string {
    return (
      `gardenerd: cannot take ${socket}: a daemon holds it and has not answered for 2 s; it may be stopped or stuck; ` +
      'look for it with: ps ax | grep gardenerd, also in containers that share the directory\n'
    );
  }

  test('as when the number was left by an earlier one', async () => {
    const stuck = await startGardenerd();
    const { dataDir, socket } = stuck.paths;
    const stranger = spawn('sleep', ['60']);
    onTestFinished(() => void stranger.kill());
    await writeFile(pidFile(socket), `${stranger.pid}\n`);
    stuck.signal('SIGSTOP');
    const newcomer = new Gardenerd(dataDir);
    expect(await newcomer.ended).toEqual({ code: 1, signal: null });
    expect(newcomer.stderr).toBe(refusal(socket));
  });

  test('as when it is in a container', async (context) => {
    const enter = await countedAnew(context);
    const stuck = new Gardenerd(await temporaryDirectory(), { enter });
    const { dataDir, socket } = stuck.paths;
    await until(async () => (await greet(socket)) === 1, 'it answers');
    process.kill(await insider(stuck.pid), 'SIGSTOP');
    const newcomer = new Gardenerd(dataDir);
    expect(await newcomer.ended).toEqual({ code: 1, signal: null });
    expect(newcomer.stderr).toBe(refusal(socket));
  });
});

// Elsewhere the kernel lets callers wait or refuses them; only Linux says that the queue is full.
test.runIf(process.platform === 'linux')(
  'a daemon that is stopped counts as such also when its socket takes no more connections',
  async () => {
    const stuck = await startGardenerd();
    const { dataDir, socket } = stuck.paths;
    stuck.signal('SIGSTOP');
    const waiting = await fillQueue(socket);

    const newcomer = new Gardenerd(dataDir);
    expect(await newcomer.ended).toEqual({ code: 1, signal: null });
    expect(newcomer.stderr).toBe(
      `gardenerd: cannot take ${socket}: a daemon holds it and has not answered for 2 s; ` +
        `process ${stuck.pid} may be stopped or stuck; end it with: kill -9 ${stuck.pid}\n`,
    );
    for (const peer of waiting) peer.destroy();
    stuck.signal('SIGCONT');
    await stuck.ready();
  },
);

/** Starts a daemon with a socket of its own, and waits until it answers there. */
async function startAt(socket: string, dataDir: string): Promise<Gardenerd> {
  const daemon = new Gardenerd(dataDir, { args: ['--socket', socket] });
  await until(async () => (await greet(socket)) === daemon.pid, `process ${daemon.pid} answers at ${socket}`);
  return daemon;
}

describe('a daemon with another socket for the same data', () => {
  test('is refused while one serves it, and told where', async () => {
    const first = await startGardenerd();
    const { dataDir, socket } = first.paths;
    const link = `${dataDir}-link`;
    await symlink(dataDir, link);
    onTestFinished(() => rm(link));
    for (const data of [dataDir, link]) {
      const other = new Gardenerd(data, { args: ['--socket', join(dataDir, 'run', 'other.sock')] });
      expect(await other.ended).toEqual({ code: 1, signal: null });
      expect(other.stderr).toContain(`process ${first.pid} serves it on ${socket}; use that socket`);
    }
    expect(await (await first.connect()).call('daemon.status')).toMatchObject({ pid: first.pid });
    expect(await first.stop()).toEqual({ code: 0, signal: null });
    expect(await readdir(first.paths.runDir)).toEqual([]);
  });

  test.for(['line\nbreak', 'back\\slash'])('is refused in a directory called %j, too', async (name) => {
    const first = await startGardenerd({ dataDir: join(await temporaryDirectory(), name) });
    const { dataDir, socket } = first.paths;
    const other = new Gardenerd(dataDir, { args: ['--socket', join(dataDir, 'other.sock')] });
    expect(await other.ended).toEqual({ code: 1, signal: null });
    expect(other.stderr).toContain(`serves it on ${printable(socket)}; use that socket`);
  });

  test('is named when it hangs', async () => {
    const first = await startGardenerd();
    first.signal('SIGSTOP');
    const other = new Gardenerd(first.paths.dataDir, {
      args: ['--socket', join(first.paths.runDir, 'other.sock')],
    });
    expect(await other.ended).toEqual({ code: 1, signal: null });
    expect(other.stderr).toContain(`process ${first.pid} may be stopped or stuck`);
  });

  test('serves it when that one was killed, or serves other data by now', async () => {
    const socket = join(await temporaryDirectory(), 'own.sock');
    const dataDir = await temporaryDirectory();
    const killed = await startAt(socket, dataDir);
    await killed.kill();
    const next = await startGardenerd({ dataDir });
    const note = await readFile(join(dataDir, 'run', 'owner'), 'utf8');
    expect(note.replace(/^\d+/, 'N')).toBe(`N ${next.paths.socket}\n`);
    await next.kill();
    const elsewhere = await startAt(socket, await temporaryDirectory());
    await writeFile(join(dataDir, 'run', 'owner'), `${elsewhere.pid} ${socket}\n`);
    await startGardenerd({ dataDir });
  });

  test('serves it also when the one that was killed called the same socket by another name', async () => {
    const killed = await startGardenerd();
    const { dataDir, runDir } = killed.paths;
    await killed.kill();
    const link = `${dataDir}-link`;
    await symlink(dataDir, link);
    onTestFinished(() => rm(link));
    await writeFile(join(runDir, 'owner'), `4711 ${link}/run/registry.sock\n`);
    const next = await startGardenerd({ dataDir });
    expect(next.stderr).toBe('');
  });

  test('is one of many started at once of which one is left', { timeout: 90_000 }, async () => {
    const dataDir = await temporaryDirectory();
    const all = Array.from(
      { length: 6 },
      (_, n) => new Gardenerd(dataDir, { args: ['--socket', join(dataDir, `run`, `${n}.sock`)] }),
    );
    const survivor = await survivorOf(all);
    expect(await until(() => starts(survivor).catch(() => 0), 'it has started')).toBe(1);
  });
});

describe('what is in the way of the socket is refused and left', () => {
  test.for<[what: string, make: (path: string) => Promise<unknown>]>([
    ['a file', (path) => writeFile(path, 'precious')],
    ['a directory', (path) => mkdir(path)],
  ])('%s', async ([, make]) => {
    const dataDir = await temporaryDirectory();
    const newcomer = join(dataDir, 'run', 'registry.sock');
    await mkdir(join(dataDir, 'run'), { mode: 0o700 });
    await make(newcomer);
    const before = await stat(newcomer);
    const daemon = new Gardenerd(dataDir);
    expect(await daemon.ended).toEqual({ code: 1, signal: null });
    expect(daemon.stderr).toBe(
      `gardenerd: cannot listen on ${newcomer}: something that is no socket is in the way; ` +
        'move it, or choose another path with --socket\n',
    );
    expect(await stat(newcomer)).toMatchObject({ ino: before.ino, size: before.size });
  });
});

describe('what has the name of the note of the process id keeps no daemon from serving, and stays', () => {
  test.for<[what: string, within: string]>([
    ['an empty directory', ''],
    ['a full directory', 'precious'],
  ])('%s', async ([, within]) => {
    const dataDir = await temporaryDirectory();
    const path = join(dataDir, 'run', 'registry.sock.pid');
    await mkdir(join(dataDir, 'run'), { mode: 0o700 });
    await mkdir(join(path, within), { recursive: true });
    const daemon = await startGardenerd({ dataDir });
    await daemon.stop();
    expect(await readdir(path)).toEqual(within === '' ? [] : [within]);
  });
});

test('a lock that a killed process has left blocks only until it is stale', async () => {
  const dataDir = await temporaryDirectory();
  const lock = join(dataDir, 'run', 'registry.sock.lock');
  await mkdir(lock, { recursive: true, mode: 0o700 });
  // Nobody renews it: stale after 5 s. A daemon that had to wait for longer would give up after 15 s.
  await startGardenerd({ dataDir });
  await expect(access(lock)).rejects.toMatchObject({ code: 'ENOENT' });
});

describe('a lock that a clock has left in the future blocks only until it is stale', () => {
  test.for(['registry.sock.lock', 'owner.lock'])('%s', async (name) => {
    const dataDir = await temporaryDirectory();
    const lock = join(dataDir, 'run', name);
    await mkdir(lock, { recursive: true, mode: 0o700 });
    const nextYear = new Date(Date.now() + 365 * 86_400_000);
    await utimes(lock, nextYear, nextYear);
    await startGardenerd({ dataDir });
    await expect(access(lock)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('what is no lock and has the name of one stays, and is named', () => {
  const longAgo = new Date(0);
  test.for<[what: string, name: string, make: (path: string) => Promise<unknown>]>([
    ['a new file', 'registry.sock.lock', (path) => writeFile(path, 'precious')],
    ['an old file', 'owner.lock', (path) => writeFile(path, '').then(() => utimes(path, longAgo, longAgo))],
    ['a full directory', 'registry.sock.lock', (path) => mkdir(join(path, 'precious'), { recursive: true })],
    ['a link that leads nowhere', 'owner.lock', (path) => symlink('nowhere', path)],
  ])('%s', async ([, name, make]) => {
    const dataDir = await temporaryDirectory();
    const path = join(dataDir, 'run', name);
    await mkdir(join(dataDir, 'run'), { mode: 0o700 });
    await make(path);
    const daemon = new Gardenerd(dataDir);
    expect(await daemon.ended).toEqual({ code: 1, signal: null });
    expect(daemon.stderr).toBe(
      `gardenerd: cannot take ${path.slice(0, -'.lock'.length)}: something that is no lock of a daemon is in the way ` +
        `at ${path}; move it\n`,
    );
    expect(await lstat(path)).toBeDefined();
  });
});

test('what daemons that were killed before their socket had its name left is removed', async () => {
  const dataDir = await temporaryDirectory();
  const run = join(dataDir, 'run');
  await mkdir(run, { mode: 0o700 });
  const left = [1, 2].map(() => privateName(join(run, 'registry.sock')));
  const others = [privateName(join(run, 'other.sock')), join(run, '.hidden')];
  for (const path of [...left, ...others]) await writeFile(path, '');
  await startGardenerd({ dataDir });
  const expected = ['owner', 'registry.sock', 'registry.sock.pid', ...others.map((path) => basename(path))];
  expect((await readdir(run)).toSorted()).toEqual(expected.toSorted());
});

/** Opens connections to a socket that nobody accepts from, until the kernel takes no more. */
async function fillQueue(path: string): Promise<Socket[]> {
  const waiting: Socket[] = [];
  for (let full = false; !full;) {
    const socket = createConnection(path);
    onTestFinished(() => void socket.destroy());
    waiting.push(socket);
    full = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(false));
      socket.once('error', () => resolve(true));
    });
  }
  return waiting;
}
