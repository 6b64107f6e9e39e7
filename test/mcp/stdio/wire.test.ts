/** What an agent's program may send and leave unread, and what comes of it. */
import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { describe, expect, test, vi } from 'vitest';
import { MAX_BACKLOG } from '../../../client/mcp/stdio/backlog.ts';
import { Outgoing } from '../../../client/mcp/stdio/outgoing.ts';
import { Wire } from '../../../client/mcp/stdio/wire.ts';
import { MAX_IN_FLIGHT } from '../../../src/protocol/limits.ts';
import { until } from '../../support/until.ts';

const MiB = 1024 * 1024;

/** Takes one write, and the next when it is told to. */
class Pipe extends Writable {
  readonly written: string[] = [];
  isRead = true;
  #done: (() => void) | undefined;

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.written.push(String(chunk));
    if (this.isRead) done();
    else this.#done = done;
  }

  read(): void {
    this.isRead = true;
    this.#done?.();
  }

  get lines(): unknown[] {
    return this.written
      .join('')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown);
  }
}

async function wired() {
  const input = new PassThrough();
  const pipe = new Pipe();
  const introduced = vi.fn();
  const failed = vi.fn();
  const output = new Outgoing(pipe, pipe.write.bind(pipe), failed);
  const wire = new Wire(input, output, { introduced, failed });
  const taken: JSONRPCMessage[] = [];
  Object.assign(wire, { onmessage: (message: JSONRPCMessage) => taken.push(message) });
  await wire.start();
  const send = (...values: readonly object[]): void =>
    void input.write(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  return { input, pipe, wire, output, taken, introduced, failed, send };
}

const request = (id: number, params?: object) => ({ jsonrpc: '2.0' as const, id, method: 'any', params });
const answer = (id: number, result: Record<string, unknown> = {}) => ({
  jsonrpc: '2.0' as const,
  id,
  result,
});

test('what cannot be taken is refused, by its id where it has one, and what follows is taken', async () => {
  const { input, pipe, taken } = await wired();
  input.write(`nonsense\n\n \r\n[${JSON.stringify(request(1))}]\n{"id":2}\n"${'x'.repeat(MiB)}"\n`);
  input.write(`${JSON.stringify(request(3))}\r\n${JSON.stringify(request(3))}\n`);
  // What would be given back as another one.
  for (const id of ['"\\ud800"', '1e400', '9007199254740993'])
    input.write(`{"jsonrpc":"2.0","method":"any","id":${id}}\n`);
  await until(() => pipe.lines.length === 8, 'eight are refused');
  const refusal = (code: number, message: string, id?: number) => ({
    jsonrpc: '2.0',
    ...(id === undefined ? {} : { id }),
    error: { code, message: `cannot take the request: ${message}` },
  });
  expect(pipe.lines).toEqual([
    refusal(-32700, 'the line is not JSON'),
    refusal(-32600, 'batches are not supported'),
    refusal(-32600, 'it is no message of JSON-RPC 2.0', 2),
    refusal(-32700, `the line has more than ${MiB} bytes`),
    refusal(-32600, 'another one with its id is under way', 3),
    refusal(-32600, 'its id is no text that can be given back'),
    refusal(-32600, 'it is no message of JSON-RPC 2.0'),
    refusal(-32600, 'it is no message of JSON-RPC 2.0'),
  ]);
  expect(taken).toEqual([request(3)]);
});

test('in the revision that has batches, what came as one line is answered as one', async () => {
  const { pipe, send, taken, wire } = await wired();
  wire.setProtocolVersion('2025-03-26');
  const news = { jsonrpc: '2.0' as const, method: 'news' };
  const cancelled = { ...news, method: 'notifications/cancelled', params: { requestId: 2 } };
  send(
    [request(1), { id: 9 }, news, request(2), request(3)],
    [news],
    [],
    Array.from({ length: 101 }, () => news),
  );
  send(request(4), cancelled);
  await until(() => taken.length === 7, 'all are taken');
  const refused = expect.objectContaining({ error: expect.objectContaining({ code: -32600 }) });
  expect(pipe.lines).toEqual([refused, refused]);
  for (const id of [3, 4, 1]) await wire.send(answer(id));
  expect(pipe.lines.slice(2)).toEqual([answer(4), [refused, answer(3), answer(1)]]);
});

test.each([
  ['initialize', { clientInfo: { name: 'claude-code', version: '2.1' } }],
  [
    'tools/call',
    { _meta: { 'io.modelcontextprotocol/clientInfo': { name: 'claude-code', version: '2.1' } } },
  ],
])('what the program calls itself is known of %s', async (method, params) => {
  const { introduced, send, taken } = await wired();
  send({ jsonrpc: '2.0', id: 1, method, params }, request(2));
  await until(() => taken.length === 2, 'both are taken');
  expect(introduced.mock.calls).toEqual([['claude-code', '2.1']]);
});

describe('what is asked for beyond what can be under way', () => {
  const many = Array.from({ length: MAX_IN_FLIGHT + 2 }, (_, id) => request(id));

  test('waits until something is answered, or not wanted any more', async () => {
    const { send, taken, wire } = await wired();
    send(...many.slice(0, MAX_IN_FLIGHT), {
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 7 },
    });
    send(...many.slice(MAX_IN_FLIGHT));
    await until(() => taken.length === MAX_IN_FLIGHT, 'as many as can be are taken');
    await wire.send(answer(0));
    // With the place that it has got, the cancel is heard, which makes room for one more.
    await until(() => taken.length === MAX_IN_FLIGHT + 3, 'all are taken');
  });

  test('waits until answers are read', async () => {
    const { pipe, send, taken, wire } = await wired();
    pipe.isRead = false;
    send(request(1));
    await until(() => taken.length === 1, 'the first is taken');
    await wire.send(answer(1, { text: 'x'.repeat(2 * MiB) }));
    send(request(2));
    const isTaken = until(() => taken.length === 2, 'the second is taken');
    await new Promise(setImmediate);
    expect(taken).toHaveLength(1);
    pipe.read();
    await isTaken;
  });
});

describe('what is asked for beyond what can wait', () => {
  const long = request(2, { text: 'x'.repeat(MiB / 2) });
  const most = Array.from({ length: MAX_BACKLOG / MiB }, () => [long, long]).flat();

  test('is refused, and the end of the input is seen behind it', async () => {
    const { input, pipe, send, failed } = await wired();
    send(...Array.from({ length: MAX_IN_FLIGHT }, (_, id) => request(-id)));
    await new Promise(setImmediate);
    const ended = once(input, 'end');
    const { id: _, ...news } = long;
    send(...most, news);
    input.end();
    await ended;
    const message = 'cannot take the request: too many before it have no answer yet';
    expect(pipe.lines).toEqual([{ jsonrpc: '2.0', id: 2, error: { code: -32600, message } }]);
    expect(failed).not.toHaveBeenCalled();
  });

  test('ends it all where answers are not read', async () => {
    const { pipe, send, taken, wire, failed } = await wired();
    pipe.isRead = false;
    send(request(1));
    await until(() => taken.length === 1, 'the first is taken');
    // The same answer again and again, as of a program that counts nothing.
    for (let n = 0; n < 4; n += 1) await wire.send(answer(1, { text: 'x'.repeat(MiB / 3) }));
    send(...most);
    await until(() => failed.mock.calls.length > 0, 'it is given up');
    expect(failed).toHaveBeenCalledWith(new Error('it asks for more than it reads'));
    expect(taken).toHaveLength(1);
  });
});

test.each(['on a line each', 'in a batch'])('messages %s are taken one in a turn', async (how) => {
  const { send, taken, wire } = await wired();
  wire.setProtocolVersion('2025-03-26');
  const many = Array.from({ length: 100 }, (_, id) => request(id));
  send(...(how === 'in a batch' ? [many] : many));
  for (let seen = 0; seen < 100; seen = taken.length) {
    await new Promise(setImmediate);
    expect(taken.length - seen).toBeLessThanOrEqual(2);
  }
});

test('who has news to tell may wait until they are read, and nobody waits with an answer', async () => {
  const { pipe, wire } = await wired();
  pipe.isRead = false;
  await wire.send(answer(1, { text: 'x'.repeat(MiB) }));
  await wire.send(answer(2));
  let isTold = false;
  const telling = wire.send({ jsonrpc: '2.0', method: 'news' }).then(() => (isTold = true));
  await new Promise(setImmediate);
  expect(isTold).toBe(false);
  pipe.read();
  await telling;
});

test('what is told again before it was read is told once, and all in its order', async () => {
  const { pipe, output } = await wired();
  pipe.isRead = false;
  const told = ['first', 'x'.repeat(MiB), 'again', 'other', 'again'].map(
    (text) => `${JSON.stringify(text)}\n`,
  );
  for (const line of told) void output.tell(line);
  const flushed = output.flushed();
  pipe.read();
  await flushed;
  expect(pipe.lines.map((line) => String(line).slice(0, 5))).toEqual(['first', 'xxxxx', 'again', 'other']);
});
