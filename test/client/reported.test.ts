import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { connect, type ParamIssue, RpcError } from '../../client/index.ts';
import { MAX_DEPTH } from '../../src/protocol/limits.ts';
import { failure, standIn } from './stand-in.ts';

/**
 * A client of a daemon that says yes, unless there is something to refuse; what arrives there, and what the client was
 * told.
 */
async function reporting(refusal: (params: object) => readonly ParamIssue[] = () => []) {
  const daemon = await standIn(({ id, method, params = {} }, socket) => {
    if (method === 'daemon.hello') return undefined;
    const issues = refusal(params);
    if (issues.length === 0) return null;
    socket.write(failure(id, -32602, 'invalid params', { issues }));
    return undefined;
  });
  const told: string[] = [];
  const client = await connect({
    socket: daemon.socket,
    autoStart: false,
    onWarning: (message) => told.push(message),
  });
  return { client, told, arrived: () => daemon.received.map(({ params }) => params) };
}

const lease = { project: 'payments', token: 1 };

test('a report is cut to what the registry takes', async () => {
  const { client, told, arrived } = await reporting();
  await client.training.progress({
    ...lease,
    progress: 1.0000000000000002,
    phase: 'p'.repeat(101),
    message: `${'m'.repeat(999)}🌱`,
  });
  await client.call('training.fail', { ...lease, error: 'e'.repeat(5_000) });
  expect(arrived()).toEqual([
    { ...lease, progress: 1, phase: 'p'.repeat(100), message: 'm'.repeat(999) },
    { ...lease, error: 'e'.repeat(4_096) },
  ]);
  expect(told).toEqual([]);
  await client.close();
});

test('halves of characters, as cutting a text makes them, are replaced', async () => {
  const { client, told, arrived } = await reporting();
  const half = '🌱'.slice(0, 1);
  await client.training.progress({ ...lease, message: `m${half}`, details: { [half]: [half, '🌱'] } });
  await client.call('training.fail', { ...lease, error: half });
  expect(arrived()).toEqual([
    { ...lease, message: 'm\ufffd', details: { '\ufffd': ['\ufffd', '🌱'] } },
    { ...lease, error: '\ufffd' },
  ]);
  expect(told).toEqual([]);
  await client.close();
});

test('what cannot be carried is left out and told once, and the rest counts', async () => {
  const { client, told, arrived } = await reporting();
  const metadata = { loss: Number.NaN, losses: [0.5, Infinity], base: 'small', at: new Date(0) };
  for (let epoch = 0; epoch < 2; epoch += 1) {
    await client.training.progress({ ...lease, message: 'x', details: { x: 'é'.repeat(2_045) } });
  }
  await client.training.complete({ ...lease, file_count: 7, metadata: metadata as never });
  expect(arrived()).toEqual([
    { ...lease, message: 'x' },
    { ...lease, message: 'x' },
    {
      ...lease,
      file_count: 7,
      metadata: { losses: [0.5, null], base: 'small', at: '1970-01-01T00:00:00.000Z' },
    },
  ]);
  expect(told).toEqual([
    'training.progress: details has 4098 bytes, 4096 are allowed; it was left out',
    'training.complete: metadata.loss is NaN or infinite, which JSON cannot carry; it was left out',
    'training.complete: metadata.losses.1 is NaN or infinite, which JSON cannot carry; it was left out',
  ]);
  await client.close();
});

const nested = (depth: number): object => (depth === 0 ? {} : { x: nested(depth - 1) });
const loop: Record<string, unknown> = { base: 'small' };
loop['itself'] = [loop, loop];

test('what throws whatever it is asked for is a text, too', async () => {
  const refuse = (): never => {
    throw new RangeError('no');
  };
  const error = Object.defineProperties(new Error('x'), { stack: { get: refuse }, message: { get: refuse } });
  const { client, arrived } = await reporting();
  for (const thrown of [error, { toString: refuse, [inspect.custom]: refuse }]) {
    await client.call('training.fail', { ...lease, error: thrown as never });
  }
  await client.training.progress({ ...lease, message: error as never });
  // Newer versions of Node find words for some of them.
  const some = expect.stringMatching(/./) as string;
  expect(arrived()).toEqual([
    { ...lease, error: some },
    { ...lease, error: some },
    { ...lease, message: some },
  ]);
  await client.close();
});

describe('no trifle in a report costs the training:', () => {
  test.for<[method: string, given: Record<string, unknown>, arrived: object, told: readonly string[]]>([
    ['progress', { progress: Number.NaN, phase: 'x' }, { phase: 'x' }, ['progress is NaN or infinite']],
    ['progress', { progress: '0.4', phase: 'x' }, { phase: 'x' }, ['progress is no number']],
    ['progress', { details: [1, 2], message: 7 }, { message: '7' }, ['details is no object']],
    ['progress', { details: new Map([['loss', 1]]), phase: 'x' }, { phase: 'x' }, ['details is a Map']],
    ['progress', { message: ['x'], phase: null }, {}, ['message is no text']],
    ['complete', { file_count: 412 }, { file_count: 412 }, []],
    ['complete', { file_count: 412n }, { file_count: 412 }, []],
    ['complete', { file_count: Number.NaN }, {}, ['file_count is no whole number']],
    [
      'complete',
      { file_count: '412', metadata: { a: 1 } },
      { metadata: { a: 1 } },
      ['file_count is no whole'],
    ],
    ['complete', { metadata: [1], file_count: 1 }, { file_count: 1 }, ['metadata is no object']],
    [
      'complete',
      { metadata: { x: 'x'.repeat(16_384) } },
      {},
      ['metadata has 16392 bytes, 16384 are allowed'],
    ],
    [
      'complete',
      { metadata: { at: new Date(Number.NaN), a: 1 } },
      { metadata: { a: 1 } },
      ['metadata.at is an'],
    ],
    [
      'complete',
      { metadata: loop },
      { metadata: { base: 'small', itself: [null, null] } },
      ['metadata.itself.0 holds itself', 'metadata.itself.1 holds itself'],
    ],
    [
      'complete',
      { metadata: { f: () => 1, s: Symbol('s'), set: new Set(), n: 1n, u: undefined } },
      { metadata: {} },
      [
        'metadata.f is a function',
        'metadata.s is a symbol',
        'metadata.set is a Set',
        'metadata.n is a bigint',
      ],
    ],
    ['complete', { lora_adapter_path: '/a\ud800' }, {}, ['lora_adapter_path is no UTF-8']],
    ['complete', { lora_adapter_path: '/a\0b' }, {}, ['lora_adapter_path has a NUL character']],
    ['complete', { lora_adapter_path: '' }, {}, ['lora_adapter_path is empty']],
    ['complete', { lora_adapter_path: 7 }, {}, ['lora_adapter_path is no text']],
    ['complete', { lora_adapter_path: `/${'é'.repeat(2_048)}` }, {}, ['lora_adapter_path has 4097 bytes']],
    ['fail', { error: new TypeError('x') }, { error: 'TypeError: x' }, []],
    ['fail', { error: 'x', details: 'y' }, { error: 'x' }, ['details is no object']],
    // JavaScript throws anything.
    ['fail', { error: { code: 7, why: ['x'] } }, { error: "{ code: 7, why: [ 'x' ] }" }, []],
    ['fail', { error: ['x', 1] }, { error: "[ 'x', 1 ]" }, []],
    ['fail', { error: [] }, { error: '[]' }, []],
    ['fail', { error: '' }, { error: "''" }, []],
    ['fail', { error: null }, { error: 'null' }, []],
    ['fail', { error: undefined }, { error: 'undefined' }, []],
    ['fail', { error: false }, { error: 'false' }, []],
    ['fail', { error: Symbol('x') }, { error: 'Symbol(x)' }, []],
    ['fail', { error: new DOMException('stop', 'AbortError') }, { error: 'AbortError: stop' }, []],
    ['fail', { error: { toString: () => 'own' } }, { error: 'own' }, []],
    ['fail', { error: Object.create(null) as object }, { error: '[Object: null prototype] {}' }, []],
  ])('training.%s, row %#', async ([verb, given, expected, told]) => {
    const { client, arrived, told: heard } = await reporting();
    const method = `training.${verb}` as 'training.complete';
    await client.call(method, { ...lease, ...given });
    expect(arrived()).toEqual([{ ...lease, ...expected }]);
    expect(heard).toEqual(
      told.map((text) => expect.stringMatching(`^${method}: ${text}.*; it was left out$`)),
    );
    await client.close();
  });
});

test('a report is as deep as a line may be', async () => {
  const { client, arrived, told } = await reporting();
  await client.training.progress({ ...lease, details: nested(MAX_DEPTH) as never });
  const [{ details } = {}] = arrived();
  // Around it are the request and its params.
  expect(details).toEqual(nested(MAX_DEPTH - 3));
  expect(told).toEqual([
    `training.progress: details${'.x'.repeat(MAX_DEPTH - 2)} is nested too deep; it was left out`,
  ]);
  await client.close();
});

describe('what the registry refuses of a report', () => {
  const refusing = (...paths: readonly string[]) =>
    reporting((params) =>
      paths
        .filter((path) => (path.split('.')[0] ?? '') in params)
        .map((path) => ({ path, message: 'is not to its taste' })),
    );
  const result = { ...lease, file_count: 7, metadata: { a: 1 }, lora_adapter_path: 'adapter' };

  test('is left out and told, and the rest counts', async () => {
    const { client, arrived, told } = await refusing('metadata.a', 'lora_adapter_path');
    await client.training.complete(result);
    expect(arrived()).toEqual([result, { ...lease, file_count: 7 }]);
    expect(told).toEqual([
      'training.complete: metadata.a: is not to its taste; lora_adapter_path: is not to its taste; metadata, lora_adapter_path was left out',
    ]);
    await client.close();
  });

  test('may be told to whoever calls', async () => {
    const { client, told } = await refusing('metadata');
    const heard: string[] = [];
    await client.training.complete(result, { onWarning: (message) => heard.push(message) });
    expect(told).toEqual([]);
    expect(heard).toEqual(['metadata: is not to its taste; metadata was left out']);
    await client.close();
  });

  test.for(['token', 'project'])(
    'is thrown where it is the %s, without which there is none',
    async (name) => {
      const { client, arrived } = await refusing('metadata', name);
      await expect(client.training.complete(result)).rejects.toThrow(RpcError);
      expect(arrived()).toHaveLength(1);
      await client.close();
    },
  );
});

describe('a change that somebody makes on purpose is refused, with the field, before it is sent:', () => {
  test.for<[method: 'update' | 'register', given: object, path: string, why: string]>([
    ['update', { metadata: { loss: Number.NaN } }, 'metadata.loss', 'is NaN or infinite'],
    [
      'update',
      { metadata: { best: { loss: [1, -Infinity] } } },
      'metadata.best.loss.1',
      'is NaN or infinite',
    ],
    ['update', { metadata: { at: new Date(Number.NaN) } }, 'metadata.at', 'is an invalid date'],
    ['update', { metadata: { seen: new Set([1]) } }, 'metadata.seen', 'is a Set'],
    ['update', { metadata: { f: () => 1 } }, 'metadata.f', 'is a function'],
    ['update', { metadata: loop }, 'metadata.itself.0', 'holds itself'],
    ['update', { file_count: 1n }, 'file_count', 'is a bigint'],
    ['update', { file_count: Number.NaN }, 'file_count', 'is NaN or infinite'],
    ['register', { metadata: { loss: Infinity } }, 'metadata.loss', 'is NaN or infinite'],
  ])('projects.%s %o', async ([verb, given, path, why]) => {
    const { client, arrived, told } = await reporting();
    const refusal: unknown = await client.projects[verb](given as never).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(RpcError);
    const message = `${why}, which JSON cannot carry`;
    expect(refusal).toMatchObject({
      code: -32602,
      message: expect.stringContaining(`invalid params: ${path}: ${message}`) as string,
    });
    expect((refusal as RpcError).issues[0]).toEqual({ path, message });
    expect({ arrived: arrived(), told }).toEqual({ arrived: [], told: [] });
    await client.close();
  });
});

test('other calls are sent as they are', async () => {
  const { client, arrived } = await reporting();
  const metadata = { message: 'm'.repeat(2_000), gone: null, half: '\ud800', list: [1, { a: true }] };
  await client.projects.update({ project: 'payments', metadata });
  await client.projects.update({ project: 'x', metadata: JSON.parse('{"__proto__": 1}') as object as never });
  expect(arrived()).toEqual([
    { project: 'payments', metadata },
    { project: 'x', metadata: JSON.parse('{"__proto__": 1}') },
  ]);
  await client.close();
});
