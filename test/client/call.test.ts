import type { Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { connect, ConnectionError, RegistryError, RpcError } from '../../client/index.ts';
import { answer, failure, standIn } from './stand-in.ts';
import { clientOfSockets, pair, reasonOf } from './support.ts';

describe('answers', () => {
  test('may come in another order than the calls', async () => {
    const waiting: (() => void)[] = [];
    const { client } = await pair(({ id, method }, socket) => {
      if (method === 'daemon.hello') return;
      waiting.unshift(() => socket.write(answer(id, id)));
      if (waiting.length === 3) for (const go of waiting) go();
    });
    const results = await Promise.all([1, 2, 3].map(() => client.projects.count()));
    expect(results).toEqual([2, 3, 4]);
    await client.close();
  });

  test('of many megabytes arrive whole', async () => {
    const text = 'Gärtnerei 🌱 '.repeat(500_000);
    const { client } = await pair(({ method }) =>
      method === 'rpc.discover' ? { openrpc: text } : undefined,
    );
    expect((await client.rpc.discover()).openrpc).toBe(text);
    await client.close();
  });

  test('null is a result', async () => {
    const { client } = await pair(({ method }) => (method === 'daemon.hello' ? undefined : null));
    expect(await client.daemon.shutdown()).toBeNull();
    await client.close();
  });

  test('stand, whatever error without an id comes behind them in the same chunk', async () => {
    const { client } = await pair(({ id, method }, socket) => {
      if (method === 'daemon.hello') return;
      const lastWord = { kind: 'shutting_down', suggestions: [] };
      socket.end(answer(id, null) + failure(null, 1011, 'the daemon has shut down', lastWord));
    });
    expect(await client.daemon.shutdown()).toBeNull();
    await client.close();
  });

  test('calls of one moment go out in one write', async () => {
    const daemon = await standIn(({ method }) => (method === 'projects.count' ? 1 : undefined));
    const { client, sockets } = await clientOfSockets(daemon);
    const writes = vi.spyOn(sockets[0] as Socket, 'write');
    const twenty = Array.from({ length: 20 });
    await Promise.all(twenty.map(() => client.projects.count()));
    expect(writes).toHaveBeenCalledOnce();
    // What the answers of one read set off belongs together too.
    await Promise.all(twenty.map(() => client.projects.count().then(() => client.projects.count())));
    expect(writes.mock.calls.length).toBeLessThan(10);
    await client.close();
  });
});

test('a call that a new connection refuses because its daemon ends waits for the end of that one', async () => {
  const daemon = await standIn(({ id, method }, socket, { accepted }) => {
    if (method === 'daemon.hello') return undefined;
    if (accepted === 3) return 3;
    // The second daemon ends, too, when it has refused the call.
    const lastWord = { kind: 'shutting_down', suggestions: [] };
    socket.write(failure(id, 1011, 'the daemon is shutting down', lastWord), () => {
      setImmediate(() => setImmediate(() => socket.end()));
    });
    return undefined;
  });
  const client = await connect({ socket: daemon.socket, autoStart: false });
  const lost = new Promise<void>((resolve) => void client.onLost(resolve));
  for (const socket of daemon.connections) socket.destroy();
  await lost;
  expect(await client.projects.count()).toBe(3);
  expect(daemon.received.map(({ method }) => method)).toEqual(['projects.count', 'projects.count']);
  await client.close();
});

describe('errors', () => {
  test('of the registry come as RegistryError with their kind and details', async () => {
    const data = { kind: 'project_not_found', suggestions: ['payments'] };
    const { client } = await pair(({ id, method }, socket) => {
      if (method !== 'daemon.hello') socket.write(failure(id, 1001, 'no project matches "paymets"', data));
    });
    const reason = await reasonOf(client.projects.get({ project: 'paymets' }));
    expect(reason).toBeInstanceOf(RegistryError);
    expect(reason).toMatchObject({ code: 1001, message: 'no project matches "paymets"', data });
    await client.close();
  });

  test.each([
    ['a fault of the protocol', -32603, undefined],
    ['a code of a newer daemon', 1099, { kind: 'of_the_future', suggestions: [] }],
    ['a kind that does not go with its code', 1001, { kind: 'lease_held' }],
  ])('%s comes as RpcError', async (_, code, data) => {
    const { client } = await pair(({ id, method }, socket) => {
      if (method !== 'daemon.hello') socket.write(failure(id, code, 'no', data));
    });
    const reason = await reasonOf(client.projects.count());
    expect(reason).toBeInstanceOf(RpcError);
    expect(reason).toMatchObject({ code, message: 'no', data, issues: [] });
    await client.close();
  });

  test('refused params are listed', async () => {
    const issues = [{ path: 'limit', message: 'too small' }];
    const { client } = await pair(({ id, method }, socket) => {
      if (method !== 'daemon.hello') socket.write(failure(id, -32602, 'invalid params', { issues }));
    });
    expect(await reasonOf(client.projects.list({ limit: 0 }))).toMatchObject({ code: -32602, issues });
    await client.close();
  });

  test('an error that names no request is everybody’s', async () => {
    const { client } = await pair((_, socket, { received }) => {
      if (received.length === 2) socket.write(failure(null, -32600, 'the line is too long'));
    });
    const reasons = await Promise.all([
      reasonOf(client.projects.count()),
      reasonOf(client.projects.touch({ project: 'a' })),
    ]);
    for (const reason of reasons) {
      expect(reason).toBeInstanceOf(RpcError);
      expect(reason).toMatchObject({ code: -32600, message: 'the line is too long' });
    }
    await client.close();
  });

  test('what is no JSON, or no answer, ends the connection and says so', async () => {
    for (const garbage of ['HTTP/1.1 400 Bad Request\r\n', '[1]\n', '{"id":2}\n']) {
      const { client } = await pair(({ method }, socket) => {
        if (method !== 'daemon.hello') socket.write(garbage);
      });
      const reason = await reasonOf(client.projects.touch({ project: 'a' }));
      expect(reason).toBeInstanceOf(RpcError);
      expect(reason).toMatchObject({
        code: -32700,
        message: expect.stringContaining('check that') as string,
      });
      await client.close();
    }
  });

  test('params that are no JSON, or too much of it, are refused before they harm other calls', async () => {
    const { client, daemon } = await pair(({ method }) => (method === 'projects.count' ? 7 : undefined));
    const count = client.projects.count();
    // @ts-expect-error a bigint is no JSON
    expect(await reasonOf(client.projects.list({ limit: 1n }))).toMatchObject({ code: -32602 });
    const huge = await reasonOf(client.projects.list({ query: 'x'.repeat(4 * 1024 * 1024) }));
    expect(huge).toMatchObject({ code: -32600, message: expect.stringContaining('4194304') as string });
    expect(await count).toBe(7);
    expect(daemon.received).toHaveLength(1);
    await client.close();
  });
});

describe('a call that is not answered', () => {
  test('ends at its deadline, and the connection goes on', async () => {
    const { client } = await pair(({ method }) => (method === 'projects.count' ? 1 : undefined));
    const reason = await reasonOf(client.projects.touch({ project: 'a' }, { deadline: 30 }));
    expect(reason).toBeInstanceOf(ConnectionError);
    expect(reason).toMatchObject({ reason: 'timeout', message: expect.stringContaining('30 ms') as string });
    expect(await client.projects.count()).toBe(1);
    await client.close();
  });

  test('may take longer by as much as it asks the daemon to wait', async () => {
    const daemon = await standIn(({ id, method }, socket) => {
      if (method === 'training.claim') setTimeout(() => socket.write(answer(id, null)), 150);
    });
    const client = await connect({ socket: daemon.socket, deadlines: { call: 40.054854999998 } });
    expect(await client.training.claim({ wait_ms: 5_000 })).toBeNull();
    expect(await reasonOf(client.projects.count())).toMatchObject({
      reason: 'timeout',
      message: expect.stringContaining('no answer within 40 ms') as string,
    });
    await client.close();
  });

  test('ends when the caller aborts it, with the reason of the caller', async () => {
    const { client, daemon } = await pair();
    const caller = new AbortController();
    const call = reasonOf(client.projects.count({}, { signal: caller.signal }));
    await vi.waitFor(() => expect(daemon.received).toHaveLength(1));
    caller.abort(new Error('the tab was closed'));
    expect(await call).toEqual(new Error('the tab was closed'));
    expect(await reasonOf(client.projects.count({}, { signal: caller.signal }))).toBe(caller.signal.reason);
    await client.close();
  });

  test('takes a signal that many others were given, without a warning of leaks', async () => {
    const { client, daemon } = await pair();
    const warnings: Error[] = [];
    const warn = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warn);
    const caller = new AbortController();
    const calls = Array.from({ length: 50 }, () =>
      reasonOf(client.projects.count({}, { signal: caller.signal })),
    );
    await vi.waitFor(() => expect(daemon.received).toHaveLength(50));
    caller.abort();
    expect(await Promise.all(calls)).toEqual(calls.map(() => caller.signal.reason));
    await client.close();
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });

  test('is not even sent when it is aborted in the same moment', async () => {
    const { client, daemon } = await pair(({ method }) => (method === 'projects.count' ? 1 : undefined));
    const caller = new AbortController();
    const call = reasonOf(client.projects.touch({ project: 'a' }, { signal: caller.signal }));
    queueMicrotask(() => caller.abort());
    expect(await call).toBe(caller.signal.reason);
    await client.projects.count();
    expect(daemon.received.map(({ method }) => method)).toEqual(['projects.count']);
    await client.close();
  });

  test('ends when the client is closed, and so does every later one', async () => {
    const { client, daemon } = await pair();
    const call = reasonOf(client.projects.count());
    await vi.waitFor(() => expect(daemon.received).toHaveLength(1));
    await client[Symbol.asyncDispose]();
    await client.close();
    for (const reason of [await call, await reasonOf(client.projects.count())]) {
      expect(reason).toBeInstanceOf(ConnectionError);
      expect(reason).toMatchObject({ reason: 'closed' });
    }
    expect(daemon.accepted).toBe(1);
  });
});
