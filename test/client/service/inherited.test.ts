/** Sockets that systemd-socket-activate hands over, as systemd and inetd do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, type TestContext } from 'vitest';
import { connect } from '../../../client/index.ts';
import { Daemon } from '../../../src/daemon.ts';
import { findInherited } from '../../../src/claim/inherited.ts';
import { builtProgram } from '../../support/cli.ts';
import { capturedLog, startDaemon } from '../../support/daemon.ts';
import { environment, temporaryDirectory } from '../../support/home.ts';
import { connectLines } from '../../support/lines.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';

interface Activated {
  readonly child: ChildProcess;
  readonly home: string;
  readonly dataDir: string;
  readonly socket: string;
  readonly ended: Promise<number | null>;
}

/** Waits until a socket takes connections, which it does not yet when it is there; gives what was said so far. */
async function listening(child: ChildProcess): Promise<() => string> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes('Listening'), 'it listens');
  return () => said;
}

/** A socket that somebody else listens on, and a daemon that is started with the first connection. */
async function activated(
  context: TestContext,
  activate: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<Activated> {
  requireTools(context, 'systemd-socket-activate');
  const home = await temporaryDirectory();
  const dataDir = join(home, '.codebase-gardener');
  const socket = join(dataDir, 'run', 'registry.sock');
  await mkdir(join(dataDir, 'run'), { recursive: true });
  await chmod(join(dataDir, 'run'), 0o700);
  const words = ['-l', socket, ...activate, process.execPath, builtProgram('gardenerd.js'), ...flags];
  const child = spawn('systemd-socket-activate', words, {
    env: environment(home),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await listening(child);
  return { child, home, dataDir, socket, ended };
}

describe.each([
  ['LISTEN_FDS', []],
  ['descriptor 0', ['--inetd']],
])('a socket handed over as %s', (_, activate) => {
  test('is served, and left in its place at the end', async (context) => {
    const { child, socket, dataDir, ended } = await activated(context, activate);
    const client = await connect({ socket, autoStart: false, deadlines: { hello: 20_000 } });
    expect(client.hello.pid).toBe(child.pid);
    expect(await client.daemon.status()).toMatchObject({ manager: 'systemd', socket, pid: child.pid });
    await client.projects.register({ name: 'one', source_path: dataDir });
    expect(JSON.parse(await readFile(join(dataDir, 'registry.json'), 'utf8'))).toHaveProperty(
      'version',
      '1.2',
    );
    await client.daemon.shutdown();
    expect(await ended).toBe(0);
    expect(existsSync(socket)).toBe(true);
    expect(existsSync(`${socket}.pid`)).toBe(false);
    await client.close();
  });

  test('is given up when another one takes its path', async (context) => {
    const { socket, ended, dataDir } = await activated(context, activate);
    const peer = await connectLines(socket);
    await peer.call('daemon.ping');
    await rename(socket, `${socket}.moved`);
    const thief = createServer().listen(socket);
    onTestFinished(() => void thief.close());
    const refusal = await peer.refusal('projects.register', { name: 'one', source_path: dataDir });
    expect(refusal.data).toMatchObject({ kind: 'shutting_down' });
    peer.socket.end();
    expect(await ended).toBe(0);
    expect(existsSync(socket)).toBe(true);
  });

  test('is served until nobody has been there for a while', async (context) => {
    const { socket, ended } = await activated(context, activate, ['--idle-timeout', '1']);
    const client = await connect({ socket, autoStart: false, deadlines: { hello: 20_000 } });
    await client.close();
    expect(await ended).toBe(0);
  });
});

test('a socket whose last daemon was killed is served, although its path answers nobody yet', async (context) => {
  const { socket, dataDir } = await activated(context);
  await writeFile(join(dataDir, 'run', 'owner'), `4711 ${socket}\n`);
  const client = await connect({ socket, autoStart: false, deadlines: { hello: 20_000 } });
  expect(await client.daemon.status()).toMatchObject({ manager: 'systemd' });
  await client.close();
});

test('a socket at another path is refused while a daemon serves the data at the path that it was told', async (context) => {
  requireTools(context, 'systemd-socket-activate');
  const first = await startDaemon();
  const { dataDir, socket } = first.paths;
  const elsewhere = join(await temporaryDirectory(), 'other.sock');
  const daemon = [process.execPath, builtProgram('gardenerd.js'), '--data-dir', dataDir];
  const child = spawn('systemd-socket-activate', ['-l', elsewhere, ...daemon], {
    env: environment(dataDir),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = await listening(child);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await connectLines(elsewhere);
  expect(await ended).toBe(1);
  expect(said()).toContain(`cannot serve ${dataDir} on ${elsewhere}: another daemon serves it on ${socket}`);
  expect(await (await first.connect()).call('daemon.ping')).toBe('pong');
});

test('a socket at another path than the daemon was told is where the data is served: whoever comes is sent there', async (context) => {
  requireTools(context, 'systemd-socket-activate');
  const dataDir = await temporaryDirectory();
  const elsewhere = join(await temporaryDirectory(), 'other.sock');
  const daemon = [process.execPath, builtProgram('gardenerd.js'), '--data-dir', dataDir];
  const child = spawn('systemd-socket-activate', ['-l', elsewhere, ...daemon], {
    env: environment(dataDir),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await listening(child);
  const peer = await connectLines(elsewhere);
  expect(await peer.call('daemon.status')).toMatchObject({ socket: elsewhere, data_dir: dataDir });
  const { log } = capturedLog();
  await expect(Daemon.start({ dataDir, log })).rejects.toThrow(
    `another daemon serves it on ${elsewhere}; use that socket`,
  );
  // Nor has that disturbed it.
  expect(await peer.call('projects.register', { name: 'one', source_path: dataDir })).toHaveProperty('etag');
  await peer.call('daemon.shutdown');
  peer.socket.end();
  await new Promise((resolve) => child.once('exit', resolve));
  expect(existsSync(elsewhere)).toBe(true);
  expect(existsSync(`${elsewhere}.pid`)).toBe(false);
});

test('the manager that was named on the command line counts', async (context) => {
  const { socket } = await activated(context, [], ['--manager', 'launchd']);
  const client = await connect({ socket, autoStart: false, deadlines: { hello: 20_000 } });
  expect((await client.daemon.status()).manager).toBe('launchd');
  await client.close();
});

test('a socket of the network is refused', async (context) => {
  requireTools(context, 'systemd-socket-activate');
  const home = await temporaryDirectory();
  const probe = createServer();
  const port = await new Promise<number>((resolve) => {
    probe.listen(0, '127.0.0.1', () => resolve((probe.address() as { port: number }).port));
  });
  await new Promise((resolve) => probe.close(resolve));
  const words = ['-l', `127.0.0.1:${port}`, process.execPath, builtProgram('gardenerd.js')];
  const child = spawn('systemd-socket-activate', words, {
    env: environment(home),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes('Listening'), 'it listens');
  const peer = createConnection(port, '127.0.0.1');
  peer.on('error', () => undefined);
  onTestFinished(() => void peer.destroy());
  const code = await new Promise((resolve) => child.once('exit', resolve));
  expect(code).toBe(1);
  expect(said).toContain('it listens on the network');
});

describe('a process that was handed nothing', () => {
  test('serves a socket of its own, although its standard input is a socket', async () => {
    const home = await temporaryDirectory();
    // Node's pipes between processes are connected sockets.
    const child = spawn(process.execPath, [builtProgram('gardenerd.js')], {
      env: environment(home),
      stdio: 'pipe',
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    onTestFinished(async () => {
      child.kill('SIGTERM');
      await ended;
    });
    const dataDir = join(home, '.codebase-gardener');
    const client = await until(
      () => connect({ dataDir, autoStart: false }).catch(() => undefined),
      'the daemon answers',
    );
    expect((await client.daemon.status()).manager).toBe('foreground');
    await client.close();
  });

  test('forgets what was meant for another process', () => {
    const env = { LISTEN_FDS: '1', LISTEN_PID: '1', LISTEN_FDNAMES: 'x', OTHER: 'y' };
    expect(findInherited(env)?.descriptor).not.toBe(3);
    expect(env).toEqual({ OTHER: 'y' });
  });

  test('refuses several sockets', () => {
    const env = { LISTEN_FDS: '2', LISTEN_PID: String(process.pid) };
    expect(() => findInherited(env)).toThrow('the daemon takes one Unix socket');
    expect(env).toEqual({});
  });
});

test('a daemon that closes tells client libraries that what it has not answered was not done', async () => {
  const { daemon, paths } = await startDaemon();
  const library = await connectLines(paths.socket);
  await library.call('daemon.hello', { client: { name: 'editor' } });
  const script = await connectLines(paths.socket);
  await script.call('daemon.hello');
  for (const { socket } of [library, script]) socket.once('end', () => socket.end());
  await daemon.stop('the test');
  await Promise.all([library.closed, script.closed]);
  expect(library.waiting.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      jsonrpc: '2.0',
      id: null,
      error: {
        code: 1011,
        message: expect.stringContaining('may be sent again') as string,
        data: { kind: 'shutting_down', suggestions: [] },
      },
    },
  ]);
  expect(script.waiting).toEqual([]);
});
