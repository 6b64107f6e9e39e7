/** How a daemon ends: asked to, forced to, for want of clients, or because its socket is no longer its own. */
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pidFile } from '../../src/claim/beside.ts';
import { codebase, type Gardenerd, startGardenerd } from '../faults/support/gardenerd.ts';
import { subscribe } from '../support/events.ts';
import type { Answer } from '../support/lines.ts';
import { temporaryDirectory } from '../support/home.ts';
import { until } from '../support/until.ts';
import { request } from '../support/world.ts';

const WELL = { code: 0, signal: null };

/** The names in the file. */
async function namesOnDisk({ paths }: Gardenerd): Promise<string[]> {
  const text = await readFile(paths.registryFile, 'utf8');
  const { projects } = JSON.parse(text) as { projects: Record<string, { name: string }> };
  return Object.values(projects).map(({ name }) => name);
}

/** Nothing is left that only a running daemon needs, and the last good content is what is in the file. */
async function expectCleanEnd({ paths }: Gardenerd): Promise<void> {
  expect(await readdir(paths.runDir)).toEqual([]);
  const backups = await readdir(paths.backupsDir);
  expect(backups).toEqual(['registry-last-good.json']);
  expect(await readFile(join(paths.backupsDir, 'registry-last-good.json'))).toEqual(
    await readFile(paths.registryFile),
  );
  const ours = (await readdir(paths.dataDir)).filter((name) => name !== 'src' && name !== 'projects');
  expect(ours.toSorted()).toEqual(['backups', 'logs', 'registry.json', 'registry.schema.json', 'run']);
}

describe('a daemon that is told to end', () => {
  test.for(['SIGTERM', 'SIGINT'] as const)(
    'by %s answers everything that it has received, and has done what it said it did',
    async (signal) => {
      const daemon = await startGardenerd();
      const source_path = await codebase(daemon.paths.dataDir);
      const peers = await Promise.all(Array.from({ length: 5 }, () => daemon.connect()));
      // Short enough to be read at once: with the first answer, everything has been received.
      const each = 200;
      const named = (peer: number, id: number) => `p${peer}-${id}`;
      for (const [n, peer] of peers.entries()) {
        peer.send(
          ...Array.from({ length: each }, (_, id) =>
            request(id, 'projects.register', { name: named(n, id), source_path }),
          ),
        );
      }
      const first = await Promise.all(peers.map((peer) => peer.line()));
      daemon.signal(signal);
      await Promise.all(peers.map((peer) => peer.closed));
      expect(await daemon.ended, daemon.stderr).toEqual(WELL);

      const done: string[] = [];
      for (const [n, peer] of peers.entries()) {
        const answers = [first[n] ?? '', ...peer.waiting].map((line) => JSON.parse(line) as Answer);
        const ids = answers.map(({ id }) => Number(id)).toSorted((a, b) => a - b);
        expect(ids).toEqual(Array.from({ length: each }, (_, id) => id));
        for (const { id, error } of answers) {
          if (error) expect(error.code).toBe(1011);
          else done.push(named(n, Number(id)));
        }
      }
      expect((await namesOnDisk(daemon)).toSorted()).toEqual(done.toSorted());
      await expectCleanEnd(daemon);
    },
  );

  test('by daemon.shutdown says null first, then tells subscribers, then closes', async () => {
    const daemon = await startGardenerd();
    const peer = await daemon.connect();
    const subscriber = await subscribe(await daemon.connect());
    const source_path = await codebase(daemon.paths.dataDir);
    peer.send(
      request(1, 'projects.register', { name: 'a', source_path }),
      request(2, 'daemon.shutdown', { reason: 'enough' }),
    );
    await peer.closed;
    const answers = peer.waiting.map((line) => JSON.parse(line) as Answer);
    expect(answers).toHaveLength(2);
    expect(answers.find(({ id }) => id === 2)).toEqual({ jsonrpc: '2.0', id: 2, result: null });
    const [last] = (await subscriber.until(({ type }) => type === 'shutdown')).slice(-1);
    expect(last).toMatchObject({ type: 'shutdown' });
    expect(await daemon.ended).toEqual(WELL);
    expect(await namesOnDisk(daemon)).toEqual(answers.some(({ error }) => error) ? [] : ['a']);
    expect(await readFile(daemon.paths.logFile, 'utf8')).toContain('"reason":"enough"');
  });

  test('is not kept from it by peers that say nothing and read nothing', async () => {
    const daemon = await startGardenerd();
    const mute = await daemon.connect();
    mute.socket.pause();
    const source_path = await codebase(daemon.paths.dataDir);
    const writer = await daemon.connect();
    const metadata = { padding: 'x'.repeat(16_000) };
    for (let n = 0; n < 20; n += 1) {
      await writer.call('projects.register', { name: `p${n}`, source_path, metadata });
    }
    mute.send(...Array.from({ length: 30 }, (_, id) => request(id, 'projects.list')));
    await until(
      async () =>
        Number((await writer.call('daemon.status'))['requests']?.['projects.list']?.['count'] ?? 0) > 1,
      'its answers are waiting',
    );
    expect(await daemon.stop()).toEqual(WELL);
    expect(await namesOnDisk(daemon)).toHaveLength(20);
  });

  test('twice ends at once, and the next one has everything', async () => {
    const daemon = await startGardenerd();
    const peer = await daemon.connect();
    const source_path = await codebase(daemon.paths.dataDir);
    await peer.call('projects.register', { name: 'a', source_path });
    // While it is stopped both signals wait, so that the second one comes before the first one has ended it.
    daemon.signal('SIGSTOP');
    daemon.signal('SIGTERM');
    daemon.signal('SIGINT');
    daemon.signal('SIGCONT');
    expect(await daemon.ended).toEqual({ code: 1, signal: null });
    expect(daemon.stderr).toMatch(/^gardenerd: forced to end by a second SIG(INT|TERM)\n$/);
    const next = await startGardenerd({ dataDir: daemon.paths.dataDir });
    expect(await (await next.connect()).call('projects.count')).toBe(1);
  });
});

test('by the same signal twice at once, as timeout sends it to its command and the group, ends well', async () => {
  const home = await temporaryDirectory();
  // The system makes one of two that wait, so that the instant between the two is made here.
  await writeFile(join(home, 'twice.cjs'), `process.once('SIGTERM', (name) => process.emit(name, name));`);
  const daemon = await startGardenerd({ env: { NODE_OPTIONS: `--require ${join(home, 'twice.cjs')}` } });
  expect(await daemon.stop()).toEqual(WELL);
  expect(daemon.stderr).toBe('');
});

test('a terminal that closes does not end a daemon', async () => {
  const daemon = await startGardenerd();
  const peer = await daemon.connect();
  daemon.signal('SIGHUP');
  // Signals are delivered at the latest when the process runs again.
  expect(await peer.call('daemon.ping')).toBe('pong');
  expect(await peer.call('daemon.ping')).toBe('pong');
  expect(await daemon.stop()).toEqual(WELL);
});

describe('a daemon that ends when it is idle', () => {
  test('ends without a client', async () => {
    const daemon = await startGardenerd({ args: ['--idle-timeout', '1'] });
    expect(await daemon.ended).toEqual(WELL);
    expect(await readdir(daemon.paths.runDir)).toEqual([]);
    expect(await readFile(daemon.paths.logFile, 'utf8')).toContain('"reason":"idle for 1 s"');
  });

  test('stays while a connection is open, whether or not it says anything', async () => {
    const daemon = await startGardenerd({ args: ['--idle-timeout', '2'] });
    const peer = await daemon.connect();
    const start = performance.now();
    await until(() => performance.now() - start > 3_000, 'more than the time has passed');
    const { uptime_s: uptime, connections } = (await peer.call('daemon.status')) as Record<string, unknown>;
    expect(uptime).toBeGreaterThan(2);
    expect(connections).toBe(1);
    peer.socket.destroy();
    expect(await daemon.ended).toEqual(WELL);
  });
});

describe('a daemon whose socket is no longer its own', () => {
  test('ends, puts no other in its place, and leaves nothing behind', async () => {
    const daemon = await startGardenerd();
    await rm(daemon.paths.socket);
    expect(await daemon.ended).toEqual(WELL);
    expect(await readdir(daemon.paths.runDir)).toEqual([]);
    expect(await readFile(daemon.paths.logFile, 'utf8')).toContain('the socket was replaced or removed');
  });

  test('writes nothing any more, ends, and leaves its successor what is the successor’s', async () => {
    const old = await startGardenerd();
    const { dataDir, socket } = old.paths;
    const source_path = await codebase(dataDir);
    const peer = await old.connect();
    await peer.call('projects.register', { name: 'before', source_path });
    await rm(socket);
    const next = await startGardenerd({ dataDir });
    const { ino } = await stat(socket);
    // On a busy machine it may have noticed, and ended, before it is asked.
    const late = await peer.ask('projects.register', { name: 'too late', source_path }).catch(() => null);
    if (late) expect([1010, 1011]).toContain(late.error?.code);

    expect(await old.ended).toEqual(WELL);
    expect((await stat(socket)).ino).toBe(ino);
    expect(await readFile(pidFile(socket), 'utf8')).toBe(`${next.pid}\n`);
    const heir = await next.connect();
    await heir.call('projects.register', { name: 'after', source_path });
    expect(await namesOnDisk(next)).toEqual(['before', 'after']);
  });
});
