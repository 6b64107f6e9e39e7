import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { MAX_LINE_BYTES } from '../../src/protocol/limits.ts';
import type { Message } from '../../src/protocol/wire.ts';
import { Turns } from '../../src/system/turns.ts';
import { Holdings } from '../../src/server/holdings.ts';
import { Connection } from '../../src/server/connection.ts';

/** A connection whose bytes come from the test, and what it took for messages. */
function connection(): { receive(chunk: Buffer): void; messages: Message[] } {
  const socket = new Socket();
  const messages: Message[] = [];
  const nothing = (): void => undefined;
  const answer = async (message: Message): Promise<null> => {
    messages.push(message);
    return null;
  };
  const shared = { turns: new Turns(), holdings: new Holdings(nothing) };
  const made = new Connection(socket, 1, shared, {
    answer,
    idle: nothing,
    writable: nothing,
    ended: nothing,
    failed: nothing,
  });
  expect(made.inFlight).toBe(0);
  return { receive: (chunk) => void socket.emit('data', chunk), messages };
}

function memory(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test('a line that comes byte by byte costs little more than its bytes', () => {
  const { receive, messages } = connection();
  const before = memory();
  for (let count = 0; count < MAX_LINE_BYTES / 4; count += 1) receive(Buffer.alloc(1, ' '));
  expect(memory() - before).toBeLessThan(64 * 1024 * 1024);
  receive(Buffer.from('{"jsonrpc":"2.0","method":"daemon.ping"}\n'));
  expect(messages).toMatchObject([{ entries: [{ method: 'daemon.ping' }] }]);
});

test('a line is the same however it is cut', () => {
  const lines = ['{"jsonrpc":"2.0","id":1,"method":"a"}', '{"jsonrpc":"2.0","id":2,"method":"b"}'];
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  for (let size = 1; size <= bytes.length; size += 1) {
    const { receive, messages } = connection();
    for (let at = 0; at < bytes.length; at += size) receive(bytes.subarray(at, at + size));
    expect(messages.map(({ entries }) => entries)).toMatchObject([[{ id: 1 }], [{ id: 2 }]]);
  }
});
