import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { expect, test } from 'vitest';
import { ConnectionError } from '../../../client/errors.ts';
import { Listening } from '../../../client/mcp/resources/listening.ts';
import { PROJECTS } from '../../../client/mcp/resources/uris.ts';
import { MAX_WANTED } from '../../../client/mcp/resources/updates.ts';
import { type Connect, Session } from '../../../client/mcp/session.ts';

const denied = new ConnectionError('not_allowed', 'permission denied');

/** What stands behind a wire for a session that connects in this way, and what goes through it in either direction. */
async function listening(connect: Connect = () => Promise.reject(denied)) {
  const wire: Transport = {
    start: async () => undefined,
    send: async (message) => void sent.push(message),
    close: async () => undefined,
  };
  const sent: JSONRPCMessage[] = [];
  const passed: JSONRPCMessage[] = [];
  const all = new Listening(wire, new Session(connect).updates);
  Object.assign(all, { onmessage: (message: JSONRPCMessage) => passed.push(message) });
  await all.start();
  const settled = () => new Promise(setImmediate);
  const take = async (...messages: JSONRPCMessage[]): Promise<void> => {
    for (const message of messages) wire.onmessage?.(message);
    await settled();
  };
  return { all, sent, passed, take, settled };
}

const listen = (id: string, uris: readonly string[]): JSONRPCMessage => ({
  jsonrpc: '2.0',
  id,
  method: 'subscriptions/listen',
  params: { notifications: { toolsListChanged: true, resourceSubscriptions: uris } },
});
const cancel = (requestId: string): JSONRPCMessage => ({
  jsonrpc: '2.0',
  method: 'notifications/cancelled',
  params: { requestId },
});
const many = (count: number) => Array.from({ length: count }, (_, at) => `${PROJECTS}/p${at}`);

test('what is listened to has its bound, which what has ended does not count to', async () => {
  const { all, sent, passed, take } = await listening();
  for (const id of ['a', 'b']) await take(listen(id, many(MAX_WANTED)), cancel(id));
  await take(listen('c', many(MAX_WANTED)));
  expect(passed).toEqual([cancel('a'), cancel('b'), listen('c', many(MAX_WANTED))]);
  await take(listen('d', many(1)));
  expect(sent).toEqual([
    expect.objectContaining({ id: 'd', error: { code: -32603, message: expect.stringContaining('1000') } }),
  ]);
  // It is refused by whoever answers it.
  await all.send({ jsonrpc: '2.0', id: 'c', error: { code: -32602, message: 'no' } });
  await take(listen('e', many(1)));
  expect(passed.at(-1)).toEqual(listen('e', many(1)));
});

test('nothing is acknowledged before it is told of, or that never is; other requests do not wait', async () => {
  let settle = (): void => undefined;
  const connecting = new Promise<never>((_, reject) => (settle = () => reject(denied)));
  const { passed, take, settled } = await listening(() => connecting);
  const ping: JSONRPCMessage = { jsonrpc: '2.0', id: 'p', method: 'ping' };
  await take(listen('a', ['gardener://active', 'gardener://other']), listen('b', many(1)), cancel('b'), ping);
  expect(passed).toEqual([cancel('b'), ping]);
  settle();
  await settled();
  expect(passed.slice(2)).toEqual([listen('a', ['gardener://active'])]);
});
