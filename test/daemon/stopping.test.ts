import { lstat, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { codebase, Gardenerd, greet, startGardenerd } from '../faults/support/gardenerd.ts';
import { startDaemon } from '../support/daemon.ts';
import type { Answer } from '../support/lines.ts';
import { until } from '../support/until.ts';

const register = (id: number, source_path: string): object => ({
  jsonrpc: '2.0',
  id,
  method: 'projects.register',
  params: { name: `p${id}`, source_path },
});

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test('ends the daemon well, and everything acknowledged is in the file', async () => {
    const daemon = await startGardenerd();
    const peer = await daemon.connect();
    const source = await codebase(daemon.paths.dataDir);
    const count = 200;
    peer.send(...Array.from({ length: count }, (_, id) => register(id, source)));
    // Some are answered, some under way, some not even read.
    await peer.next();
    daemon.signal(signal);
    const started = performance.now();
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - started).toBeLessThan(10_000);
    await peer.closed;
    const answers = peer.waiting.map((line) => JSON.parse(line) as Answer);
    // Each has one answer: done, or refused because the daemon was ending.
    for (const { error } of answers) if (error) expect(error.code).toBe(1011);
    const done = 1 + answers.filter(({ result }) => result).length;
    const file = JSON.parse(await readFile(daemon.paths.registryFile, 'utf8')) as { projects: object };
    expect(Object.keys(file.projects)).toHaveLength(done);
    expect(daemon.stderr).toBe('');
  });
});

describe('a daemon that is asked to end', () => {
  test('answers what it has received before it closes', async () => {
    const { daemon, connect, codebase: make } = await startDaemon();
    const peer = await connect();
    const source = await make('x');
    const count = 20;
    peer.send(...Array.from({ length: count }, (_, id) => register(id, source)));
    // The first answer shows that the daemon has read them: they came in one piece.
    const first = await peer.line();
    await daemon.stop('test');
    await until(() => peer.waiting.length >= count - 1, 'every answer has come');
    for (const line of [first, ...peer.waiting]) expect((JSON.parse(line) as Answer).error).toBeUndefined();
  });

  test('by daemon.shutdown answers that first, then ends', async () => {
    const daemon = await startGardenerd();
    const peer = await daemon.connect();
    expect(await peer.call('daemon.shutdown', { reason: 'a test' })).toBeNull();
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    await peer.closed;
    expect(await readFile(daemon.paths.logFile, 'utf8')).toMatch(/"reason":"a test"/);
    expect(await readdir(daemon.paths.runDir)).toEqual([]);
  });

  test('does not wait for peers that never close', async () => {
    const daemon = await startGardenerd();
    const peers = await Promise.all(Array.from({ length: 5 }, () => daemon.connect()));
    for (const peer of peers) peer.socket.pause();
    const started = performance.now();
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('closes newcomers without a word, and does not let them wait', async () => {
    const { daemon, connect } = await startDaemon();
    const peer = await connect();
    const stopped = daemon.stop('test');
    const outcome = await connect().then(
      async (newcomer) => {
        newcomer.socket.end();
        await newcomer.closed;
        return newcomer.waiting;
      },
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect([[], 'ENOENT', 'ECONNREFUSED', 'ECONNRESET']).toContainEqual(outcome);
    peer.socket.destroy();
    await stopped;
  });
});

test('a second signal ends a daemon at once, whatever it is about', async () => {
  const daemon = await startGardenerd();
  const peer = await daemon.connect();
  peer.socket.pause();
  // Both are waiting for it when it goes on: it cannot have ended in between.
  daemon.signal('SIGSTOP');
  daemon.signal('SIGTERM');
  daemon.signal('SIGINT');
  daemon.signal('SIGCONT');
  expect(await daemon.ended).toEqual({ code: 1, signal: null });
  expect(daemon.stderr).toMatch(/^gardenerd: forced to end by a second SIG(TERM|INT)\n$/);
});

describe('idle', () => {
  test('a daemon ends after its time without connections, not while there are any', async () => {
    const daemon = await startGardenerd({ args: ['--idle-timeout', '1'] });
    const peer = await daemon.connect();
    const connected = performance.now();
    await until(() => performance.now() - connected > 1_500, 'more than the time has passed');
    expect(daemon.isRunning).toBe(true);
    peer.socket.destroy();
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(await readFile(daemon.paths.logFile, 'utf8')).toContain('idle for 1 s');
  });

  test('a daemon nobody ever connects to ends too', async () => {
    const { dataDir } = (await startDaemon()).paths;
    const daemon = new Gardenerd(`${dataDir}/other`, { args: ['--idle-timeout', '1'] });
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
  });
});

describe('a daemon whose socket', () => {
  test('was removed steps down', async () => {
    const daemon = await startGardenerd();
    await rm(daemon.paths.socket);
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(await readFile(daemon.paths.logFile, 'utf8')).toContain('the socket was replaced or removed');
  });

  test('was replaced refuses to write, steps down, and leaves the successor’s', async () => {
    const daemon = await startGardenerd();
    const peer = await daemon.connect();
    const source = await codebase(daemon.paths.dataDir);
    const successor = createServer();
    const { socket } = daemon.paths;
    await new Promise<void>((resolve) => successor.listen(`${socket}.new`, resolve));
    onTestFinished(() => void successor.close());
    await rename(`${socket}.new`, socket);
    expect(await peer.refusal('projects.register', { name: 'x', source_path: source })).toMatchObject({
      code: 1011,
    });
    await expect(readFile(daemon.paths.registryFile)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect((await lstat(socket)).isSocket()).toBe(true);
  });

  test('went away with the whole run directory steps down, and the next one serves', async () => {
    const daemon = await startGardenerd();
    await rm(daemon.paths.runDir, { recursive: true });
    const next = await startGardenerd({ dataDir: daemon.paths.dataDir });
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(await greet(next.paths.socket)).toBe(next.pid);
  });
});
