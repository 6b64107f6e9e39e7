import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, link, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  connect,
  type ConnectOptions,
  ConnectionError,
  RegistryError,
  RpcError,
  SocketPathError,
} from '../../../client/index.ts';
import { failure, HELLO, SILENCE, standIn, temporaryHome } from '../stand-in.ts';

const QUICK = { connect: 1_000, hello: 80, start: 300 };

/** Why no connection came about. */
async function refusal(options: ConnectOptions): Promise<unknown> {
  try {
    await (await connect({ autoStart: false, deadlines: QUICK, ...options })).close();
  } catch (error) {
    return error;
  }
  throw new Error('a connection came about');
}

/** A process that says it is the daemon of a socket; gives its process id. */
async function waitingDaemon(socket: string): Promise<number> {
  const program = join(await temporaryHome(), 'gardenerd.js');
  await writeFile(program, 'console.log("ready"); setInterval(() => undefined, 60_000);');
  const child = spawn(process.execPath, [program, '--socket', socket]);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}

describe('hello', () => {
  test('says who calls and which protocol they speak, and its answer is kept', async () => {
    let params: unknown;
    const daemon = await standIn((request) => {
      params = request.params;
    });
    const client = await connect({ socket: daemon.socket, client: { name: 'editor', version: '2.1.0' } });
    expect(params).toEqual({
      client: { name: 'editor', version: '2.1.0', pid: process.pid },
      protocol: { min: 1, max: 1 },
    });
    expect(client.hello).toEqual(HELLO);
    await client.close();
  });

  test.each([
    ['incompatible_protocol', 1012],
    ['too_many_connections', 1015],
  ])('refused with %s is a RegistryError', async (kind, code) => {
    const data = { kind, suggestions: [] };
    const daemon = await standIn(({ id }, socket) => {
      socket.end(failure(code === 1015 ? null : id, code, 'no', data));
      return SILENCE;
    });
    const error = await refusal({ socket: daemon.socket });
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ kind, code });
    expect(daemon.accepted).toBe(1);
  });

  test('of another protocol than asked for is not accepted', async () => {
    const daemon = await standIn(() => ({ ...HELLO, protocol: 2 }));
    expect(await refusal({ socket: daemon.socket })).toMatchObject({ kind: 'incompatible_protocol' });
  });

  test('from something that is no daemon says so at once', async () => {
    const daemon = await standIn((_, socket) => {
      socket.write('220 mail.example ESMTP\r\n');
      return SILENCE;
    });
    const error = await refusal({ socket: daemon.socket });
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({ message: expect.stringContaining(daemon.socket) as string });
  });
});

/** A socket on which nobody listens any more. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer();
  const first = `${path}.first`;
  await new Promise<void>((resolve) => server.listen(first, resolve));
  // Closing unlinks the path of listening, and the link to it stays as after a kill.
  await link(first, path);
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

describe('without a daemon', () => {
  test.each([
    ['no socket', async (home: string) => join(home, 'none', 'registry.sock')],
    [
      'a socket that a killed daemon left',
      async (home: string) => {
        const path = join(home, 'registry.sock');
        await leaveSocket(path);
        return path;
      },
    ],
    [
      'a link that leads nowhere',
      async (home: string) => {
        await symlink(join(home, 'nowhere'), join(home, 'registry.sock'));
        return join(home, 'registry.sock');
      },
    ],
  ])('%s means not running', async (_, prepare) => {
    const home = await temporaryHome();
    const error = await refusal({ socket: await prepare(home), dataDir: home });
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      reason: 'not_running',
      sent: false,
      message: expect.stringContaining('gardener daemon start') as string,
    });
  });

  test('a socket that is given alone starts nothing, and the error says why', async () => {
    const home = await temporaryHome();
    const error = await refusal({ socket: join(home, 'tunnel.sock'), autoStart: true });
    expect(error).toMatchObject({
      reason: 'not_running',
      message: expect.stringContaining('as it may lead to another machine') as string,
    });
    expect(await readdir(home)).toEqual([]);
  });

  test('a socket that no daemon has left is not taken for one, where a profile may have named its data directory', async () => {
    const home = await temporaryHome();
    const path = join(home, 'tunnel.sock');
    await leaveSocket(path);
    vi.stubEnv('CODEBASE_GARDENER_SOCKET', path);
    vi.stubEnv('CODEBASE_GARDENER_DATA_DIR', join(home, 'data'));
    try {
      const error = await refusal({ autoStart: true, daemon: ['false'] });
      expect(error).toMatchObject({
        reason: 'not_allowed',
        message: expect.stringContaining('it may be the end of a tunnel; mend that, or remove it') as string,
      });
      expect(await readdir(home)).toEqual(['tunnel.sock']);
      // What a killed daemon leaves is another matter, and what both options name.
      await writeFile(`${path}.pid`, '1\n');
      expect(await refusal({ autoStart: true, daemon: ['false'] })).toMatchObject({ reason: 'start_failed' });
      await rm(`${path}.pid`);
      const named = { dataDir: join(home, 'data'), socket: path };
      expect(await refusal({ autoStart: true, daemon: ['false'], ...named })).toMatchObject({
        reason: 'start_failed',
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test.each([
    ['a data directory', { dataDir: '/nosuch/a b' }, "gardener daemon start --data-dir '/nosuch/a b'"],
    [
      'both',
      { dataDir: '/nosuch/d', socket: '/nosuch/s' },
      'gardener daemon start --data-dir /nosuch/d --socket /nosuch/s',
    ],
  ])('the command that starts one works as it stands where %s was given', async (_, options, command) => {
    const error = await refusal({ ...options, autoStart: false });
    expect(error).toMatchObject({
      reason: 'not_running',
      message: expect.stringMatching(new RegExp(`; start it with "${command}"$`)) as string,
    });
  });

  test('and where the environment gave it, which whoever reads that need not have', async () => {
    vi.stubEnv('CODEBASE_GARDENER_DATA_DIR', '/nosuch/d');
    expect(await refusal({ autoStart: false })).toMatchObject({
      message: expect.stringMatching(/"gardener daemon start --data-dir \/nosuch\/d"$/) as string,
    });
    vi.stubEnv('CODEBASE_GARDENER_SOCKET', '/nosuch/s');
    expect(await refusal({ autoStart: false })).toMatchObject({
      message: expect.stringMatching(
        /"gardener daemon start --data-dir \/nosuch\/d --socket \/nosuch\/s"$/,
      ) as string,
    });
    vi.unstubAllEnvs();
    vi.stubEnv('HOME', '/nosuch/home');
    expect(await refusal({ autoStart: false })).toMatchObject({
      message: expect.stringMatching(/; start it with "gardener daemon start"$/) as string,
    });
    vi.unstubAllEnvs();
  });

  test('what is no socket, or in no directory, is final', async () => {
    const home = await temporaryHome();
    await writeFile(join(home, 'file'), '');
    for (const socket of [join(home, 'file'), join(home, 'file', 'registry.sock'), home]) {
      const error = await refusal({ socket, autoStart: true, daemon: ['false'] });
      expect(error, socket).toMatchObject({
        reason: 'not_allowed',
        message: expect.stringContaining('remove') as string,
      });
    }
  });

  test('a socket path that no system call takes is refused', async () => {
    const socket = join(await temporaryHome(), 'x'.repeat(104));
    expect(await refusal({ socket })).toBeInstanceOf(SocketPathError);
  });
});

describe('a daemon that does not answer', () => {
  test('counts as hung after the hello deadline, and is named if the process id it left is a daemon’s', async () => {
    const daemon = await standIn(() => SILENCE);
    const unnamed = await refusal({ socket: daemon.socket });
    expect(unnamed).toMatchObject({
      reason: 'hung',
      message: expect.stringContaining('within 80 ms') as string,
    });
    await writeFile(`${daemon.socket}.pid`, `${process.pid}\n`);
    const stranger = await refusal({ socket: daemon.socket });
    expect((stranger as Error).message).not.toContain(String(process.pid));
    expect((stranger as Error).message).toContain('ps ax | grep gardenerd');
    const pid = await waitingDaemon(daemon.socket);
    await writeFile(`${daemon.socket}.pid`, `${pid}\n`);
    const named = await refusal({ socket: daemon.socket, autoStart: true });
    expect(named).toMatchObject({
      reason: 'hung',
      message: expect.stringContaining(`kill -9 ${pid}`) as string,
    });
  });

  // Elsewhere the kernel lets callers wait or refuses them; only Linux says that the queue is full.
  test.runIf(process.platform === 'linux')(
    'nor takes connections any more counts as hung after the connect deadline',
    async () => {
      const path = join(await temporaryHome(), 'registry.sock');
      await frozenServer(path);
      await fillQueue(path);
      const error = await refusal({ socket: path, deadlines: { connect: 50 } });
      expect(error).toMatchObject({
        reason: 'hung',
        message: expect.stringContaining('within 50 ms') as string,
      });
    },
  );

  test('gives way to the caller who aborts', async () => {
    const daemon = await standIn(() => SILENCE);
    const caller = new AbortController();
    const attempt = refusal({ socket: daemon.socket, signal: caller.signal, deadlines: {} });
    setImmediate(() => caller.abort(new Error('never mind')));
    expect(await attempt).toEqual(new Error('never mind'));
    expect(await refusal({ socket: daemon.socket, signal: caller.signal })).toBe(caller.signal.reason);
  });
});

describe('a daemon that is ending', () => {
  test.each([
    ['closes the connection', (_: number, socket: Socket) => void socket.destroy()],
    [
      'says that it is shutting down',
      (id: number, socket: Socket) =>
        void socket.write(failure(id, 1011, 'the daemon is ending', { kind: 'shutting_down' })),
    ],
  ])('%s: its successor is waited for', async (_, refuse) => {
    const daemon = await standIn(({ id }, socket, { accepted }) => {
      if (accepted >= 4) return;
      refuse(id, socket);
      return SILENCE;
    });
    const client = await connect({ socket: daemon.socket, autoStart: false });
    expect(daemon.accepted).toBe(4);
    await client.close();
  });

  test('and never ends is given up after the start deadline', async () => {
    const daemon = await standIn((_, socket) => {
      socket.destroy();
      return SILENCE;
    });
    // Longer on a machine that is too slow to ask often enough in a short time.
    for (let start = 300, tries = 0; tries < 3; start *= 2) {
      const before = daemon.accepted;
      const error = await refusal({ socket: daemon.socket, deadlines: { ...QUICK, start } });
      const message = expect.stringContaining(`for ${start / 1_000} s`) as string;
      expect(error).toMatchObject({ reason: 'lost', message });
      tries = daemon.accepted - before;
    }
  });
});

describe('a socket that is not for us', () => {
  test.skipIf(process.getuid?.() === 0)('without permission is final', async () => {
    const daemon = await standIn();
    await chmod(daemon.socket, 0);
    expect(await refusal({ socket: daemon.socket, autoStart: true })).toMatchObject({
      reason: 'not_allowed',
    });
    await mkdir(join(dirname(daemon.socket), 'locked'), { mode: 0 });
    const inside = join(dirname(daemon.socket), 'locked', 'registry.sock');
    expect(await refusal({ socket: inside, autoStart: true })).toMatchObject({ reason: 'not_allowed' });
  });
});

/** A process that listens and then does nothing at all any more, until the test is over. */
async function frozenServer(path: string): Promise<void> {
  const script = `require('net').createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => {
    require('fs').writeSync(1, 'listening');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  })`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
  });
  await once(child.stdout, 'data');
}

/** Opens connections to a socket that nobody accepts from, until the kernel takes no more. */
async function fillQueue(path: string): Promise<void> {
  for (;;) {
    const socket = createConnection(path);
    onTestFinished(() => void socket.destroy());
    const full = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(false));
      socket.once('error', () => resolve(true));
    });
    if (full) return;
  }
}
