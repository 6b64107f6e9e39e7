import { describe, expect, test } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Answer, LineClient } from '../support/lines.ts';

async function batches(peer: LineClient): Promise<{ count: number; changes: number; largest: number }> {
  const { batches } = (await peer.call('daemon.status')) as never;
  return batches;
}

function request(id: number, method: string, params: object): object {
  return { jsonrpc: '2.0', id, method, params };
}

describe('the changes of a batch', () => {
  test('share one write, and each gets its own answer', async () => {
    const { connect, codebase } = await startDaemon();
    const peer = await connect();
    const source_path = await codebase('x');
    const names = Array.from({ length: 100 }, (_, at) => `p${at}`);
    peer.send(names.map((name, id) => request(id, 'projects.register', { name, source_path })));
    const answers = await peer.next<Answer[]>();
    expect(answers.map(({ id, result }) => [id, (result as { name: string }).name])).toEqual(
      names.map((name, id) => [id, name]),
    );
    expect(await batches(peer)).toEqual({ count: 1, changes: 100, largest: 100 });
  });

  test('share it also with notifications, with reads between them, and with those that are refused', async () => {
    const { connect, codebase } = await startDaemon();
    const peer = await connect();
    const source_path = await codebase('x');
    peer.send([
      request(1, 'projects.register', { name: 'one', source_path }),
      request(2, 'projects.register', { name: 'two', source_path: '/nonexistent' }),
      request(3, 'projects.count', {}),
      { jsonrpc: '2.0', method: 'projects.register', params: { name: 'three', source_path } },
      request(4, 'projects.register', { wrong: true }),
      request(5, 'projects.register', { name: 'ONE', source_path }),
      request(6, 'projects.update', { project: 'one', language: 'go', source_path }),
      request(7, 'unknown', {}),
      { ...request(8, 'projects.register', { name: 'eight', source_path }), result: null },
      { not: 'a request' },
    ]);
    const answers = await peer.next<Answer[]>();
    expect(answers.map(({ id, error }) => [id, error?.code])).toEqual([
      [1, undefined],
      [2, 1004],
      [3, undefined],
      [4, -32602],
      [5, 1002],
      [6, undefined],
      [7, -32601],
      [8, -32600],
      [null, -32600],
    ]);
    // A read sees committed state only.
    expect(answers[2]?.result).toBe(0);
    expect(await peer.call('projects.count')).toBe(2);
    expect((await batches(peer)).count).toBe(1);
  });

  test('are made in the order of the batch, whichever of them has to ask the disk first', async () => {
    const { connect, codebase } = await startDaemon();
    const peer = await connect();
    const source_path = await codebase('x');
    peer.send([
      request(1, 'projects.register', { name: 'one', source_path }),
      request(2, 'projects.activate', { project: 'one' }),
      request(3, 'projects.update', { project: 'one', name: 'two', source_path }),
      request(4, 'projects.touch', { project: 'two' }),
      request(5, 'projects.remove', { project: 'two' }),
      request(6, 'projects.register', { name: 'two', source_path }),
    ]);
    const answers = await peer.next<Answer[]>();
    expect(answers.map(({ id, error }) => [id, error?.message])).toEqual(
      [1, 2, 3, 4, 5, 6].map((id) => [id, undefined]),
    );
    expect(await batches(peer)).toEqual({ count: 1, changes: 6, largest: 6 });
  });

  test('of several methods that wait for the disk in their own ways still share it', async () => {
    const { connect, codebase } = await startDaemon();
    const peer = await connect();
    const source_path = await codebase('x');
    for (const name of ['one', 'two', 'three', 'four']) {
      await peer.call('projects.register', { name, source_path });
    }
    const before = await batches(peer);
    peer.send([
      request(1, 'projects.remove', { project: 'one' }),
      request(2, 'projects.activate', { project: 'two' }),
      request(3, 'projects.touch', { project: 'three' }),
      request(4, 'projects.retrain', { project: 'three' }),
      request(5, 'projects.set_status', { project: 'four', status: 'completed' }),
    ]);
    const answers = await peer.next<Answer[]>();
    expect(answers.filter(({ error }) => error)).toEqual([]);
    expect((await batches(peer)).count).toBe(before.count + 1);
  });
});

describe('changes of many connections at once', () => {
  test('share writes', async () => {
    const { connect, codebase } = await startDaemon();
    const source_path = await codebase('x');
    const peers = await Promise.all(Array.from({ length: 50 }, connect));
    await Promise.all(
      peers.map((peer, at) => peer.call('projects.register', { name: `p${at}`, source_path })),
    );
    const [peer] = peers;
    const { count, changes } = await batches(peer as LineClient);
    expect(changes).toBe(50);
    expect(count).toBeLessThan(25);
  });

  test('each see their own change in the next read', async () => {
    const { connect, codebase } = await startDaemon();
    const source_path = await codebase('x');
    const [writer, reader] = [await connect(), await connect()];
    for (let at = 0; at < 30; at += 1) {
      const { etag } = await writer.call('projects.register', { name: `p${at}`, source_path });
      expect(await reader.call('projects.get', { project: `P${at}` })).toMatchObject({ etag });
    }
  });
});
