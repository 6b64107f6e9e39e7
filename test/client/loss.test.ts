import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { ConnectionError } from '../../client/errors.ts';
import { answer, HELLO, standIn } from './stand-in.ts';
import { clientOfSockets, pair, reasonOf } from './support.ts';

describe('when the connection is lost', () => {
  test('reads are made again, changes are not, and all of them end', async () => {
    const { client, daemon } = await pair(({ method }, _, { accepted, received, connections }) => {
      // The first connection is cut once all calls are in; the second answers.
      if (accepted > 1) return method === 'daemon.hello' ? undefined : { by: accepted };
      if (received.length === 4) for (const socket of connections) socket.destroy();
      return undefined;
    });
    const calls = await Promise.all([
      client.projects.get({ project: 'a' }),
      client.registry.info(),
      reasonOf(client.projects.touch({ project: 'a' })),
      reasonOf(client.daemon.status()),
    ]);
    expect(calls.slice(0, 2)).toEqual([{ by: 2 }, { by: 2 }]);
    for (const reason of calls.slice(2)) {
      expect(reason).toBeInstanceOf(ConnectionError);
      expect(reason).toMatchObject({ reason: 'lost', sent: true });
    }
    expect(daemon.received.map(({ method }) => method)).toEqual([
      'projects.get',
      'registry.info',
      'projects.touch',
      'daemon.status',
      'projects.get',
      'registry.info',
    ]);
    await client.close();
  });

  test('a read that loses it twice says so', async () => {
    const { client, daemon } = await pair(({ method }, socket) => {
      if (method === 'projects.count') socket.destroy();
    });
    expect(await reasonOf(client.projects.count())).toMatchObject({ reason: 'lost', sent: true });
    expect(daemon.received).toHaveLength(2);
    await client.close();
  });

  test('the next call, a change too, connects anew', async () => {
    const lost = vi.fn();
    const { client, daemon } = await pair(({ method }, _, { accepted }) =>
      method === 'daemon.hello' ? { ...HELLO, epoch: `${accepted}` } : {},
    );
    client.onLost(lost);
    expect(client.hello.epoch).toBe('1');
    for (const socket of daemon.connections) socket.end();
    await vi.waitFor(() => expect(lost).toHaveBeenCalledOnce());
    expect(await Promise.all([client.projects.touch({ project: 'a' }), client.registry.reload()])).toEqual([
      {},
      {},
    ]);
    expect(client.hello.epoch).toBe('2');
    expect(daemon.accepted).toBe(2);
    await client.close();
  });

  test('a change that was not written yet is made on the next one', async () => {
    const daemon = await standIn(({ method }) => (method === 'daemon.hello' ? undefined : {}));
    const { client, sockets } = await clientOfSockets(daemon);
    const change = client.projects.touch({ project: 'a' });
    sockets[0]?.destroy();
    expect(await change).toEqual({});
    expect(daemon.received).toHaveLength(1);
    expect(sockets).toHaveLength(2);
    await client.close();
  });
});

describe('notifications', () => {
  const note = (n: number) =>
    `${JSON.stringify({ jsonrpc: '2.0', method: 'registry.event', params: { n } })}\n`;

  test('reach every listener in order, after the answer that came before them', async () => {
    const { client } = await pair(({ id, method }, socket) => {
      if (method === 'projects.count') socket.write(note(0) + answer(id, 3) + note(1) + note(2));
    });
    const seen: unknown[] = [];
    const stop = client.onNotification((method, params) => seen.push([method, params]));
    const atAnswer = await client.projects.count().then(() => seen.length);
    expect(atAnswer).toBe(0);
    await vi.waitFor(() => expect(seen).toHaveLength(3));
    expect(seen).toEqual([0, 1, 2].map((n) => ['registry.event', { n }]));
    stop();
    await client.projects.count();
    await turn();
    expect(seen).toHaveLength(3);
    await client.close();
  });

  test('still arrive before the loss is told', async () => {
    const { client } = await pair(({ method }, socket) => {
      if (method === 'daemon.shutdown') socket.end(note(1));
    });
    const seen: unknown[] = [];
    client.onNotification((_, params) => seen.push(params));
    client.onLost(() => seen.push('lost'));
    await reasonOf(client.daemon.shutdown());
    await vi.waitFor(() => expect(seen).toEqual([{ n: 1 }, 'lost']));
    await client.close();
  });
});
