import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { connect, PathError } from '../../../client/index.ts';
import { bundles } from '../bundle.ts';
import { standIn } from '../stand-in.ts';
import { home, refusal } from './starting.ts';

const programs = bundles({ alone: 'client/index.ts' });

describe('a missing daemon', () => {
  test('is started with the paths, away from the caller’s directory and terminal', async () => {
    const { dataDir, options, starts } = await home();
    const client = await connect(options('serve'));
    const { pid } = client.hello;
    expect(await starts()).toEqual([
      {
        pid,
        cwd: '/',
        manager: 'spawned',
        'data-dir': dataDir,
        socket: join(dataDir, 'run', 'registry.sock'),
      },
    ]);
    // It leads a process group of its own, so that the signals of the caller's terminal do not reach it.
    expect(process.kill(-pid, 0)).toBe(true);
    await client.close();
  });

  test('is started once for 100 clients at once, and all get their answer', async () => {
    const { options, starts } = await home();
    const clients = await Promise.all(Array.from({ length: 100 }, () => connect(options('serve'))));
    const answers = await Promise.all(clients.map((client) => client.projects.count()));
    expect(new Set(answers)).toEqual(new Set([clients[0]?.hello.pid]));
    expect(await starts()).toHaveLength(1);
    await Promise.all(clients.map((client) => client.close()));
  });

  test('is started within deadlines that are longer than a timer of Node can wait', async () => {
    const { options } = await home();
    const deadlines = { connect: 1e12, hello: 1e12, start: 1e12, call: 1e12 };
    const client = await connect(options('slow', { deadlines }));
    expect(await client.projects.count()).toBe(client.hello.pid);
    await client.close();
  });

  test('is started again by the next call when it was killed', async () => {
    const { options, starts } = await home();
    const client = await connect(options('serve'));
    const { pid } = client.hello;
    const lost = new Promise<void>((resolve) => {
      client.onLost(resolve);
    });
    process.kill(pid, 'SIGKILL');
    await lost;
    const successor = await client.projects.count();
    expect(successor).not.toBe(pid);
    expect((await starts()).map((start) => start.pid)).toEqual([pid, successor]);
    await client.close();
  });

  test('is not started when the caller says so', async () => {
    const { options, starts } = await home();
    expect(await refusal(options('serve', { autoStart: false }))).toMatchObject({ reason: 'not_running' });
    expect(await starts()).toEqual([]);
  });

  test('is not started while another start is a moment old', async () => {
    const { dataDir, log, options, starts } = await home();
    await mkdir(dirname(log));
    await writeFile(log, '# somebody else starts a daemon\n');
    // The moment lasts for as long as the machine takes.
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    await utimes(log, Date.now() / 1000, Date.now() / 1000);
    const attempt = connect(options('serve'));
    // Time for several tries, in which nothing is to happen.
    await pause(300);
    await mkdir(join(dataDir, 'run'));
    await standIn(undefined, join(dataDir, 'run', 'registry.sock'));
    const client = await attempt;
    expect(client.hello.pid).toBe(process.pid);
    // A start is noted before the process has done anything.
    expect(await readFile(log, 'utf8')).toBe('# somebody else starts a daemon\n');
    expect(await starts()).toEqual([]);
    await client.close();
  });

  test('is started after all when that other start comes to nothing', async () => {
    const { log, options, starts } = await home();
    await mkdir(dirname(log));
    await writeFile(log, '# somebody else starts a daemon\n');
    const client = await connect(options('serve'));
    expect(await starts()).toHaveLength(1);
    await client.close();
  });
});

describe('a daemon that was started', () => {
  test.each([
    ['fail', 'gardenerd: cannot use the data directory: it is full of weeds'],
    ['crash', 'TypeError: a plain bug'],
  ])('and ends badly (%s) is told at once, in its own words', async (behaviour, words) => {
    const { log, options } = await home();
    // The words of an earlier start are not this one's.
    await mkdir(dirname(log));
    await writeFile(log, 'Error: an old story\n');
    await utimes(log, 0, 0);
    const error = await refusal(options(behaviour, { deadlines: { start: 60_000 } }));
    expect(error).toMatchObject({ reason: 'start_failed', sent: false });
    expect(error.message).toContain(`cannot start the daemon: ${words}; see ${log}`);
  });

  test('and listens before it can speak has until the start deadline to say hello', async () => {
    const { options } = await home();
    const client = await connect(options('slow', { deadlines: { hello: 100 } }));
    expect(client.hello.epoch).toBe('spawned');
    await client.close();
  });

  test('and ends badly without a word is told by its exit code', async () => {
    const { options } = await home();
    expect((await refusal(options('tidy'))).message).toContain(
      'cannot start the daemon: it ended with 4; see',
    );
  });

  test('has what it needs of its starter’s environment, and nothing of what was set for other programs', async () => {
    const { dataDir, options } = await home();
    const needed = {
      HOME: dataDir,
      PATH: process.env['PATH'],
      TMPDIR: dataDir,
      LC_ALL: 'C.UTF-8',
      TZ: 'Europe/Vienna',
      XDG_RUNTIME_DIR: dataDir,
      LD_LIBRARY_PATH: dataDir,
      CODEBASE_GARDENER_LOG_LEVEL: 'debug',
    };
    const loaded = join(dataDir, 'loaded');
    await writeFile(join(dataDir, 'hook.cjs'), `require('fs').writeFileSync('${loaded}', '')`);
    const forOthers = {
      NODE_OPTIONS: `--require ${join(dataDir, 'hook.cjs')}`,
      NODE_V8_COVERAGE: join(dataDir, 'coverage'),
      NODE_DEBUG: 'net',
      NODE_PATH: dataDir,
      NODE_EXTRA_CA_CERTS: '/nonexistent',
      NODE_REDIRECT_WARNINGS: join(dataDir, 'warnings'),
      UV_THREADPOOL_SIZE: '1',
      npm_config_prefix: dataDir,
      GIT_DIR: dataDir,
      LD_PRELOAD: '',
      DYLD_INSERT_LIBRARIES: '',
      CODEBASE_GARDENER_PROJECT: 'website',
      CODEBASE_GARDENER_DAEMON: '',
      SOMETHING_ELSE: 'x',
    };
    for (const [name, value] of Object.entries({ ...needed, ...forOthers })) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const client = await connect(options('serve'));
    const { pid } = client.hello;
    await client.close();
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 10_000);
    const file = join(dataDir, 'run', 'registry.sock.env');
    const environment = JSON.parse(await readFile(file, 'utf8')) as NodeJS.ProcessEnv;
    expect(environment).toMatchObject(needed);
    // Empty, it is nothing, and cannot be left out.
    expect(environment['NODE_V8_COVERAGE']).toBe('');
    const { NODE_V8_COVERAGE: _, ...others } = forOthers;
    for (const name of Object.keys(others)) expect(environment).not.toHaveProperty(name);
    for (const name of ['loaded', 'coverage', 'warnings']) expect(await readdir(dataDir)).not.toContain(name);
  });

  test('and gives way says that another lives: that one is waited for', async () => {
    const { dataDir, options, starts } = await home();
    const attempt = connect(options('give-way'));
    await vi.waitFor(async () => expect(await starts()).toHaveLength(1), 10_000);
    await standIn(undefined, join(dataDir, 'run', 'registry.sock'));
    const client = await attempt;
    expect(client.hello.epoch).toBe('stand-in');
    await client.close();
  });

  test('and gave way to one that then ended is started anew', async () => {
    const { options, starts } = await home();
    const caller = new AbortController();
    const attempt = connect(options('give-way', { signal: caller.signal }));
    await vi.waitFor(async () => expect((await starts()).length).toBeGreaterThan(1), 20_000);
    caller.abort(new Error('seen enough'));
    await expect(attempt).rejects.toThrow('seen enough');
  });

  test('cannot be when there is no such program', async () => {
    const { options } = await home();
    const error = await refusal(options('', { daemon: ['/nonexistent/gardenerd'] }));
    expect(error).toMatchObject({
      reason: 'start_failed',
      message: expect.stringContaining('ENOENT') as string,
    });
  });

  test('cannot be when there is none, nor where what is named cannot be started', async () => {
    const { dataDir, options } = await home();
    const alone = (await import(programs.alone.file)) as { connect: typeof connect };
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('PATH', '');
    for (const daemon of [undefined, []])
      await expect(alone.connect(options('', { daemon }))).rejects.toMatchObject({
        reason: 'start_failed',
        message: expect.stringMatching(/^cannot start the daemon: none is found: .*PATH; install/) as string,
      });
    vi.stubEnv('CODEBASE_GARDENER_DAEMON', join(dataDir, 'none'));
    await expect(connect(options('', { daemon: undefined }))).rejects.toMatchObject({
      reason: 'start_failed',
      message: expect.stringContaining(`CODEBASE_GARDENER_DAEMON leads to ${dataDir}/none, where`) as string,
    });
    vi.stubEnv('CODEBASE_GARDENER_DAEMON', 'none');
    await expect(connect(options('', { daemon: undefined }))).rejects.toThrow(PathError);
  });

  test('cannot be when its log cannot be written', async () => {
    const { dataDir, options } = await home();
    await writeFile(join(dataDir, 'logs'), 'a file in the way');
    const error = await refusal(options('serve'));
    expect(error).toMatchObject({ reason: 'start_failed' });
    expect(error.message).toContain(join(dataDir, 'logs'));
  });
});

test('closing the client ends a connection that is still being made anew', async () => {
  const { dataDir, options } = await home();
  const socket = join(dataDir, 'registry.sock');
  const server = createServer((peer) => {
    peer.once('data', () => {
      peer.end('{"jsonrpc":"2.0","id":1,"result":{"protocol":1}}\n');
      server.close();
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => void server.close());
  const client = await connect(options('stall', { socket, deadlines: { start: 60_000 } }));
  await new Promise<void>((resolve) => {
    client.onLost(resolve);
  });
  const call = client.projects.count();
  const closed = client.close();
  await expect(call).rejects.toMatchObject({ reason: 'closed' });
  await closed;
});
