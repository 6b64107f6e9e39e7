/** The envelope of JSON-RPC 2.0: what a line is taken for, and what an answer looks like. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_BATCH, MAX_DEPTH } from '../../src/protocol/limits.ts';
import { NumberText } from '../../src/protocol/long-ids.ts';
import * as wire from '../../src/protocol/wire.ts';

const read = (line: string | Buffer): wire.Message => wire.readMessage(Buffer.from(line));
const request = (members: Record<string, unknown>): string =>
  JSON.stringify({ jsonrpc: '2.0', method: 'm', ...members });
const refusal = (id: unknown, code: number, message: string): object => ({
  jsonrpc: '2.0',
  id,
  error: { code, message },
});
const invalid = (id: unknown, reason: string): object => refusal(id, -32_600, `invalid request: ${reason}`);
/** Arrays within each other. */
const nested = (depth: number, inmost = ''): string => '['.repeat(depth) + inmost + ']'.repeat(depth);

describe('a request', () => {
  test.each<[string, Record<string, unknown>]>([
    ['without params', { id: 1 }],
    ['with params by name', { id: 'a', params: { project: 'web' } }],
    ['with params by place', { id: 1.5, params: ['web'] }],
    ['with an id that is null', { id: null }],
    ['with an id that is empty', { id: '' }],
    ['that wants no answer', {}],
    ['with members that nobody knows', { id: 1, extra: true }],
  ])('%s is taken as it is', (_what, members) => {
    // An id of 1.5 is one that a double may not hold as it was sent.
    const [entry] = read(request(members)).entries;
    const { id, ...others } = entry as wire.RpcRequest;
    expect(others).toEqual({ jsonrpc: '2.0', method: 'm', ...members, id: undefined });
    expect(id instanceof NumberText ? Number(id.text) : id).toBe(members['id']);
  });

  test.each<[string, string, object]>([
    ['no UTF-8', '\xff', refusal(null, -32_700, 'parse error: the line is not UTF-8')],
    ['no JSON', '{', refusal(null, -32_700, 'parse error: the line is not JSON')],
    ['nothing', '', refusal(null, -32_700, 'parse error: the line is not JSON')],
    ['a number', '1', invalid(null, 'must be an object')],
    ['a text', '"{}"', invalid(null, 'must be an object')],
    ['null', 'null', invalid(null, 'must be an object')],
    ['an id that is true', request({ id: true }), invalid(null, 'id must be a string, a number or null')],
    ['an id that is an object', request({ id: {} }), invalid(null, 'id must be a string, a number or null')],
    ['an id that is a list', request({ id: [1] }), invalid(null, 'id must be a string, a number or null')],
    ['another version', request({ id: 7, jsonrpc: '1.0' }), invalid(7, 'jsonrpc must be "2.0"')],
    ['a version that is a number', request({ id: 7, jsonrpc: 2 }), invalid(7, 'jsonrpc must be "2.0"')],
    ['no version', '{"id":7,"method":"m"}', invalid(7, 'jsonrpc must be "2.0"')],
    ['no method', '{"jsonrpc":"2.0","id":"a"}', invalid('a', 'method must be a string')],
    ['a method that is a number', request({ id: 0, method: 1 }), invalid(0, 'method must be a string')],
    ['a result', request({ id: 1, result: 0 }), invalid(1, 'a request has no result and no error')],
    ['an error', request({ id: 1, error: null }), invalid(1, 'a request has no result and no error')],
    [
      'params that are null',
      request({ id: 1, params: null }),
      invalid(1, 'params must be an object or an array'),
    ],
    [
      'params that are a text',
      request({ id: 1, params: 'a' }),
      invalid(1, 'params must be an object or an array'),
    ],
    ['params that are zero', request({ params: 0 }), invalid(null, 'params must be an object or an array')],
  ])('is not %s', (_what, line, answer) => {
    const message = read(Buffer.from(line, 'latin1'));
    expect(message).toEqual({ batch: false, entries: [answer] });
    expect(message.entries.map(wire.isErrorAnswer)).toEqual([true]);
  });

  test('is told from what is answered already, whatever it holds', () => {
    const entry = { jsonrpc: '2.0', method: 'm', error: undefined } as unknown as wire.RpcRequest;
    expect(wire.isErrorAnswer(entry)).toBe(false);
    expect(wire.isErrorAnswer({ jsonrpc: '2.0', method: 'm' })).toBe(false);
  });
});

describe('how deep a request may be', () => {
  // The request is one level, and its params one more.
  const params = (depth: number, inmost = ''): string =>
    `{"jsonrpc":"2.0","id":3,"method":"m","params":${nested(depth, inmost)}}`;
  const deep = refusal(3, -32_600, `invalid request: nested deeper than ${MAX_DEPTH}`);

  test('as deep as is allowed', () => {
    for (const inmost of ['', 'null', '"[[["']) {
      expect(read(params(MAX_DEPTH - 1, inmost)).entries).toMatchObject([{ method: 'm', id: 3 }]);
    }
  });

  test('no deeper, in lists and in objects', () => {
    expect(read(params(MAX_DEPTH)).entries).toEqual([deep]);
    const objects = '{"a":'.repeat(MAX_DEPTH) + '0' + '}'.repeat(MAX_DEPTH);
    expect(read(`{"jsonrpc":"2.0","id":3,"method":"m","params":${objects}}`).entries).toEqual([deep]);
    expect(read(nested(MAX_DEPTH + 1)).entries).toEqual([{ ...deep, id: null }]);
  });

  test('as wide as anybody likes', () => {
    const wide = `[${Array.from({ length: MAX_DEPTH * 2 }, () => '{},null').join()}]`;
    expect(read(`{"jsonrpc":"2.0","id":3,"method":"m","params":${wide}}`).entries).toMatchObject([{ id: 3 }]);
  });
});

describe('a batch', () => {
  test('is each of its entries in its place', () => {
    const message = read(`[${request({ id: 1 })},1,${request({})},{"jsonrpc":"2.0","id":2}]`);
    expect(message).toEqual({
      batch: true,
      entries: [
        { jsonrpc: '2.0', method: 'm', id: 1 },
        invalid(null, 'must be an object'),
        { jsonrpc: '2.0', method: 'm' },
        invalid(2, 'method must be a string'),
      ],
    });
    expect(message.entries.map(wire.isErrorAnswer)).toEqual([false, true, false, true]);
  });

  test('of one is a batch', () => {
    expect(read(`[${request({ id: 1 })}]`)).toMatchObject({ batch: true, entries: [{ id: 1 }] });
  });

  test('within a batch is none', () => {
    expect(read('[[]]')).toEqual({ batch: true, entries: [invalid(null, 'must be an object')] });
  });

  test('of nothing is refused', () => {
    expect(read('[]')).toEqual({ batch: false, entries: [invalid(null, 'the batch is empty')] });
  });

  test('has a greatest size', () => {
    const batch = (size: number): string => `[${Array.from({ length: size }, () => request({})).join()}]`;
    expect(read(batch(MAX_BATCH)).entries).toHaveLength(MAX_BATCH);
    const reason = `a batch of ${MAX_BATCH + 1}, and ${MAX_BATCH} are allowed`;
    expect(read(batch(MAX_BATCH + 1))).toEqual({ batch: false, entries: [invalid(null, reason)] });
  });
});

describe('an id comes back as it was sent', () => {
  const back = (line: string): string[] =>
    read(line).entries.map(({ id }) => wire.writeAnswer({ id, result: 0 }));
  const answer = (id: string): string => `{"jsonrpc":"2.0","id":${id},"result":0}`;

  test.each(['1', '"a"', 'null', '0', '-1', '9007199254740993', '1e400', '1.50', '-0.0'])('%s', (id) => {
    const line = `{"jsonrpc":"2.0","id":${id},"method":"m"}`;
    const expected = answer(id === '-0.0' ? '0' : id);
    expect(back(line)).toEqual([expected]);
    expect(back(`[${request({ id: 1 })}, ${line} ]`)).toEqual([answer('1'), expected]);
  });

  test('also of an answer that refuses', () => {
    expect(back('{"id":9007199254740993}')).toEqual([answer('9007199254740993')]);
  });

  test('the last one, of two', () => {
    const two = '{"id":9007199254740993,"jsonrpc":"2.0","id":9007199254740995,"method":"m"}';
    expect(back(two)).toEqual([answer('9007199254740995')]);
  });

  test('not what has the name of an id further in, or another name', () => {
    const inner = '"params":{"id":9007199254740999},"other":9007199254740997';
    const line = `{"jsonrpc":"2.0","id":9007199254740993,${inner},"method":"m"}`;
    expect(back(line)).toEqual([answer('9007199254740993')]);
    expect(back(`[${line}]`)).toEqual([answer('9007199254740993')]);
  });

  test('one that is not plain is told', () => {
    const [plain, long] = read(
      '[{"jsonrpc":"2.0","id":1,"method":"m"},{"jsonrpc":"2.0","id":1e99,"method":"m"}]',
    ).entries as wire.RpcRequest[];
    expect([plain, long].map((one) => one && wire.hasPlainId(one))).toEqual([true, false]);
  });

  test('any whole number of up to forty digits', () => {
    const digits = fc.stringMatching(/^[1-9]\d{0,39}$/);
    fc.assert(
      fc.property(digits, (id) => {
        expect(back(`{"jsonrpc":"2.0","id":${id},"method":"m"}`)).toEqual([answer(id)]);
      }),
    );
  });
});

describe('an answer', () => {
  test.each<[Parameters<typeof wire.writeAnswer>[0], string]>([
    [{ id: 1, result: { a: [1] } }, '{"jsonrpc":"2.0","id":1,"result":{"a":[1]}}'],
    [{ id: 1, result: null }, '{"jsonrpc":"2.0","id":1,"result":null}'],
    [{ id: 1, result: new wire.RawJson('{ "a":1}') }, '{"jsonrpc":"2.0","id":1,"result":{ "a":1}}'],
    [{ error: { code: -1, message: 'm' } }, '{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"m"}}'],
    [{ id: 'a"', error: 1, result: 2 }, '{"jsonrpc":"2.0","id":"a\\"","error":1}'],
  ])('%j', (given, text) => {
    expect(wire.writeAnswer(given)).toBe(text);
  });

  test('that refuses has data where there is any', () => {
    expect(wire.errorAnswer(1, 2, 'm')).toEqual({ jsonrpc: '2.0', id: 1, error: { code: 2, message: 'm' } });
    expect(wire.errorAnswer(1, 2, 'm').error).not.toHaveProperty('data');
    const { error } = wire.errorAnswer(1, 2, 'm', { kind: 'k' });
    expect(error).toEqual({ code: 2, message: 'm', data: { kind: 'k' } });
  });
});
