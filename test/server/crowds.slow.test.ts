import { copyFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { MAX_CONNECTIONS } from '../../src/protocol/limits.ts';
import { startDaemon } from '../support/daemon.ts';
import type { Answer, LineClient } from '../support/lines.ts';
import { until } from '../support/until.ts';

describe('connections', () => {
  test(`up to ${MAX_CONNECTIONS} are served, one more is told so and closed`, async () => {
    const { connect, daemon } = await startDaemon();
    const peers: LineClient[] = [];
    while (peers.length < MAX_CONNECTIONS) {
      peers.push(...(await Promise.all(Array.from({ length: 128 }, connect))));
    }
    expect(peers).toHaveLength(MAX_CONNECTIONS);
    const answers = await Promise.all(peers.map((peer) => peer.call('daemon.ping')));
    expect(new Set(answers)).toEqual(new Set(['pong']));

    const surplus = await connect();
    expect(await surplus.next()).toMatchObject({
      id: null,
      error: { code: 1015, data: { kind: 'too_many_connections', suggestions: [] } },
    });
    surplus.socket.end();
    await surplus.closed;

    // A place that becomes free is taken again.
    peers[0]?.socket.destroy();
    await until(() => daemon.status().connections < MAX_CONNECTIONS, 'the daemon has noticed');
    expect(await (await connect()).call('daemon.ping')).toBe('pong');
  });

  test('that come and go leave nothing behind', async () => {
    const { connect, daemon } = await startDaemon();
    for (let round = 0; round < 5; round += 1) {
      const peers = await Promise.all(Array.from({ length: 50 }, connect));
      for (const peer of peers) {
        peer.write('{"jsonrpc":"2.0","id":1,"method":"registry.validate"}\n{"jsonrpc"');
        peer.socket.destroy();
      }
    }
    await until(() => daemon.status().connections === 0, 'every connection is gone');
    expect(await (await connect()).call('daemon.ping')).toBe('pong');
  });
});

describe('a peer that never reads', () => {
  test('is not read either after a while, and disturbs nobody', async () => {
    const { connect, codebase, daemon } = await startDaemon();
    const [mute, other] = [await connect(), await connect()];
    const source_path = await codebase('x');
    await other.call('projects.register', { name: 'big', source_path, metadata: { a: 'x'.repeat(16_000) } });
    mute.socket.pause();
    const count = 20_000;
    mute.send(...Array.from({ length: count }, (_, id) => ({ jsonrpc: '2.0', id, method: 'projects.list' })));
    const answered = (): number => daemon.status().requests['projects.list']?.count ?? 0;
    let last = 0;
    await until(async () => {
      expect(await other.call('daemon.ping')).toBe('pong');
      const same = last > 0 && last === answered();
      last = answered();
      return same;
    }, 'no more is answered');
    // Far fewer than were sent: 16 KB each, and a few megabytes may wait.
    expect(answered()).toBeLessThan(3_000);
  });

  test('gets everything once it reads', async () => {
    const { connect, codebase } = await startDaemon();
    const slow = await connect();
    const source_path = await codebase('x');
    await slow.call('projects.register', { name: 'big', source_path, metadata: { a: 'x'.repeat(16_000) } });
    slow.socket.pause();
    const count = 3_000;
    slow.send(...Array.from({ length: count }, (_, id) => ({ jsonrpc: '2.0', id, method: 'projects.list' })));
    // Until nothing moves any more: both directions are full.
    let last = -1;
    await until(() => {
      const same = last === slow.socket.bytesWritten;
      last = slow.socket.bytesWritten;
      return same;
    }, 'nothing is taken any more');
    slow.socket.resume();
    await until(() => slow.waiting.length === count, 'every answer has come');
    expect(new Set(slow.waiting.map((line) => /"id":(\d+)/.exec(line)?.[1])).size).toBe(count);
  });

  test('of answers far larger than may wait costs no more than they do', async () => {
    const { connect, codebase, daemon } = await startDaemon();
    const [mute, other] = [await connect(), await connect()];
    await fill(other, await codebase('x'), 200);
    mute.socket.pause();
    const before = process.memoryUsage().rss;
    // 3.2 MB each.
    mute.send(...Array.from({ length: 1_000 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'projects.list' })));
    expect(await other.call('daemon.ping')).toBe('pong');
    await until(() => (daemon.status().requests['projects.list']?.count ?? 0) > 0, 'the first is answered');
    expect(await other.call('daemon.ping')).toBe('pong');
    expect((process.memoryUsage().rss - before) / 1024 / 1024).toBeLessThan(400);
  });
});

describe('a thousand questions that each take long', () => {
  test.each(['registry.validate', 'registry.backups', 'projects.list'])(
    'of %s let others be answered in between',
    async (method) => {
      const { connect, codebase, paths } = await startDaemon();
      const [curious, other] = [await connect(), await connect()];
      await fill(other, await codebase('x'), 1_000);
      await copyFile(paths.registryFile, `${paths.backupsDir}/registry-20260101T000000.000Z-edit.json`);
      const params = method === 'projects.list' ? { sort: 'name', limit: 1 } : {};
      curious.send(Array.from({ length: 1_000 }, (_, id) => ({ jsonrpc: '2.0', id, method, params })));
      let answered = 0;
      while (curious.waiting.length === 0) {
        await other.call('daemon.ping');
        answered += 1;
      }
      expect(await curious.next<Answer[]>()).toHaveLength(1_000);
      // Behind all of them it would be one.
      expect(answered).toBeGreaterThan(5);
    },
  );
});

describe('a batch of answers that no line could hold', () => {
  test('is answered as far as it goes, the rest is refused, and the daemon lives on', async () => {
    const { connect, codebase } = await startDaemon();
    const [greedy, other] = [await connect(), await connect()];
    await fill(other, await codebase('x'), 100);
    // 1,000 times 1.6 MB.
    greedy.send(Array.from({ length: 1_000 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'projects.list' })));
    const answers = await greedy.next<Answer[]>();
    expect(answers).toHaveLength(1_000);
    expect(answers[0]?.result).toBeDefined();
    expect(answers.at(-1)).toMatchObject({ id: 999, error: { code: -32600 } });
    expect(await other.call('daemon.ping')).toBe('pong');
  });
});

/** Registers so many projects, each about as long as it can be: 16 KB. */
async function fill(peer: LineClient, source_path: string, count: number): Promise<void> {
  const metadata = { a: 'x'.repeat(16_000) };
  // A line has room for some two hundred of them.
  for (let start = 0; start < count; start += 100) {
    peer.send(
      Array.from({ length: 100 }, (_, id) => ({
        jsonrpc: '2.0',
        id,
        method: 'projects.register',
        params: { name: `p${start + id}`, source_path, metadata },
      })),
    );
    await peer.next();
  }
}
