import { describe, expect, test } from 'vitest';
import { MAX_BATCH, MAX_DEPTH } from '../../src/protocol/limits.ts';
import { startDaemon } from '../support/daemon.ts';
import type { Answer } from '../support/lines.ts';

const ping = (id: unknown): object => ({ jsonrpc: '2.0', id, method: 'daemon.ping' });

/** Nested so deep, counting the request and its params: `{params: {metadata: {a: {a: ...}}}}`. */
function deep(levels: number): string {
  const inner = levels - 2;
  const metadata = `${'{"a":'.repeat(inner - 1)}{}${'}'.repeat(inner - 1)}`;
  return `{"jsonrpc":"2.0","id":1,"method":"projects.register","params":{"name":"","source_path":"/","metadata":${metadata}}}`;
}

describe('an id', () => {
  test.each([
    ['a string', '"abc"'],
    ['an empty string', '""'],
    ['a number', '7'],
    ['zero', '0'],
    ['a negative number', '-3'],
    ['a fraction', '1.5'],
    ['a number of more digits than a double has', '9007199254740993'],
    ['a number that no double comes near', '1e400'],
    ['a fraction of many digits', '-0.10000000000000000555'],
    ['null', 'null'],
    ['a string of a lone surrogate', '"\\ud800"'],
  ])('that is %s comes back as it was', async (_kind, id) => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.write(`{"jsonrpc":"2.0","id":${id},"method":"daemon.ping"}\n`);
    expect(await peer.line()).toBe(`{"jsonrpc":"2.0","id":${id},"result":"pong"}`);
  });

  test.each([
    ['true', 'true'],
    ['an object', '{}'],
    ['a list', '[1]'],
  ])('that is %s is refused', async (_kind, id) => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.write(`{"jsonrpc":"2.0","id":${id},"method":"daemon.ping"}\n`);
    expect(await peer.next()).toMatchObject({ id: null, error: { code: -32600 } });
  });

  test('of many digits comes back as it was in a batch, and from a request that is refused', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.write(
      '[1,{"jsonrpc":"2.0","id":9007199254740993,"method":"daemon.ping","params":{"id":9007199254740995}},{"jsonrpc":"2.0","\\u0069d":1e400,"method":"nope"},{"jsonrpc":"2.0","id":1,"id":-9007199254740993,"method":"projects.get"},{"id":9007199254740995}]\n',
    );
    const line = await peer.line();
    expect([...line.matchAll(/"id":([^,]*)/g)].map(([, id]) => id)).toEqual([
      'null',
      '9007199254740993',
      '1e400',
      '-9007199254740993',
      '9007199254740995',
    ]);
  });

  test('of an invalid request comes back where it can be told', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.send({ jsonrpc: '1.0', id: 4, method: 'daemon.ping' });
    expect(await peer.next()).toMatchObject({ id: 4, error: { code: -32600 } });
  });
});

describe('an envelope', () => {
  test.each([
    ['null', 'null'],
    ['a number', '0'],
    ['a string', '""'],
    ['true', 'true'],
    ['an object without anything', '{}'],
    ['without jsonrpc', '{"id":1,"method":"daemon.ping"}'],
    ['with jsonrpc as a number', '{"jsonrpc":2.0,"id":1,"method":"daemon.ping"}'],
    ['without a method', '{"jsonrpc":"2.0","id":1}'],
    ['with a method of null', '{"jsonrpc":"2.0","id":1,"method":null}'],
    ['with a method only in its prototype', '{"jsonrpc":"2.0","id":1,"__proto__":{"method":"daemon.ping"}}'],
    ['with params of null', '{"jsonrpc":"2.0","id":1,"method":"daemon.ping","params":null}'],
    ['with params of a string', '{"jsonrpc":"2.0","id":1,"method":"daemon.ping","params":"x"}'],
    ['with params of a number', '{"jsonrpc":"2.0","id":1,"method":"daemon.ping","params":1}'],
    ['that is an answer', '{"jsonrpc":"2.0","id":1,"result":"pong"}'],
    ['that is an error', '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}'],
    ['that is a request and an answer', '{"jsonrpc":"2.0","id":1,"method":"daemon.ping","result":null}'],
    ['of an invalid notification', '{"jsonrpc":"2.0","params":"x","method":"daemon.ping"}'],
  ])('%s is an invalid request', async (_kind, line) => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.write(`${line}\n`);
    expect(await peer.next()).toMatchObject({ jsonrpc: '2.0', error: { code: -32600 } });
    expect(await peer.isSilent()).toBe(true);
  });

  test('may carry members that nobody knows', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.send({ ...ping(1), trace: 'abc', meta: { a: null } });
    expect(await peer.next()).toEqual({ jsonrpc: '2.0', id: 1, result: 'pong' });
  });

  test.each(['toString', '__proto__', 'constructor', 'rpc.nothing', '', 'daemon.ping ', 'DAEMON.PING'])(
    'with the method %j finds none',
    async (method) => {
      const { connect } = await startDaemon();
      const peer = await connect();
      expect(await peer.refusal(method)).toMatchObject({ code: -32601 });
    },
  );
});

describe('a notification', () => {
  test.each([
    ['that goes well', { jsonrpc: '2.0', method: 'daemon.ping' }],
    ['of an unknown method', { jsonrpc: '2.0', method: 'nobody.knows' }],
    ['with wrong params', { jsonrpc: '2.0', method: 'projects.get', params: { wrong: 1 } }],
    ['that a rule refuses', { jsonrpc: '2.0', method: 'projects.get', params: { project: 'nobody' } }],
  ])('%s is not answered', async (_kind, notification) => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.send(notification);
    expect(await peer.isSilent()).toBe(true);
  });

  test('is carried out all the same', async () => {
    const { connect, codebase } = await startDaemon();
    const peer = await connect();
    const params = { name: 'quiet', source_path: await codebase('quiet') };
    peer.send({ jsonrpc: '2.0', method: 'projects.register', params });
    peer.socket.end();
    await peer.closed;
    expect(await (await connect()).call('projects.count')).toBe(1);
  });
});

describe('a batch', () => {
  test('of one is answered with a list of one', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.send([ping(1)]);
    expect(await peer.next()).toEqual([{ jsonrpc: '2.0', id: 1, result: 'pong' }]);
  });

  test('of one notification is not answered, nor is one that holds nothing else', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.send([{ jsonrpc: '2.0', method: 'daemon.ping' }]);
    peer.send([
      { jsonrpc: '2.0', method: 'a' },
      { jsonrpc: '2.0', method: 'b', params: [] },
    ]);
    expect(await peer.isSilent()).toBe(true);
  });

  test('in a batch is an invalid request, as any list is', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.send([[ping(1)], ping(2)]);
    const answers = await peer.next<Answer[]>();
    expect(answers).toHaveLength(2);
    expect(answers).toContainEqual(expect.objectContaining({ id: null, error: expect.anything() }));
    expect(answers).toContainEqual({ jsonrpc: '2.0', id: 2, result: 'pong' });
  });

  test('may give one id twice, and gets two answers', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.send([ping(1), ping(1)]);
    expect(await peer.next<Answer[]>()).toHaveLength(2);
  });

  test(`of ${MAX_BATCH} is answered, of one more is refused as a whole`, async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    const pings = Array.from({ length: MAX_BATCH }, (_, id) => ping(id));
    peer.send(pings);
    const answers = await peer.next<Answer[]>();
    expect(new Set(answers.map(({ id }) => id)).size).toBe(MAX_BATCH);
    peer.send([...pings, ping('more')]);
    expect(await peer.next()).toMatchObject({ id: null, error: { code: -32600, message: /1001.*1000/ } });
    expect(await peer.isSilent()).toBe(true);
  });
});

describe('nesting', () => {
  test(`of ${MAX_DEPTH} is looked into, of one more is refused`, async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    // The name is empty: the request itself was understood.
    peer.write(`${deep(MAX_DEPTH)}\n`);
    expect(await peer.next()).toMatchObject({ id: 1, error: { code: 1003 } });
    peer.write(`${deep(MAX_DEPTH + 1)}\n`);
    expect(await peer.next()).toMatchObject({ id: 1, error: { code: -32600 } });
  });

  test('counts brackets, not those in strings', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    expect(await peer.refusal('projects.get', { project: '[{'.repeat(200) })).toMatchObject({ code: 1001 });
  });

  test('as deep as a line is long ends nothing', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.write(`${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}\n`);
    expect(await peer.next()).toMatchObject({ id: null, error: { code: -32600 } });
    expect(await peer.call('daemon.ping')).toBe('pong');
  });
});
