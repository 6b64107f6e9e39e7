/** What the daemon holds for its peers: who is made to wait when it is too much, and who is cut off. Real sockets. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Connection } from '../../src/server/connection.ts';
import { Holdings } from '../../src/server/holdings.ts';
import type { Exchange } from '../../src/server/exchange.ts';
import { Turns } from '../../src/system/turns.ts';
import { temporaryDirectory } from '../support/home.ts';

const MIB = 1024 * 1024;

let server: Server;
let path: string;
let cut: number[];
let connections: Connection[];
/** The lines that are not answered yet. */
let asked: { answer: (text: string) => void; exchange: Exchange }[];

beforeEach(async () => {
  const directory = await temporaryDirectory();
  path = join(directory, 's');
  cut = [];
  connections = [];
  asked = [];
  const shared = { turns: new Turns(), holdings: new Holdings((bytes) => cut.push(bytes), 4 * MIB) };
  const nothing = (): void => undefined;
  let number = 0;
  server = createServer({ allowHalfOpen: true }, (socket) => {
    number += 1;
    const made = new Connection(socket, number, shared, {
      answer: (_message, exchange) =>
        new Promise((answer) => {
          asked.push({ answer, exchange });
        }),
      idle: nothing,
      writable: nothing,
      ended: nothing,
      failed: nothing,
    });
    connections.push(made);
  });
  server.listen(path);
  await once(server, 'listening');
  // Also the clock by which it is judged; only the timers are what is tested.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});

afterEach(async () => {
  vi.useRealTimers();
  for (const connection of connections) connection.destroy();
  server.close();
  await rm(path, { force: true });
});

async function peer(): Promise<Socket> {
  const socket = createConnection(path);
  await once(socket, 'connect');
  return socket;
}

const line = (bytes: number): string =>
  `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'x' })}${' '.repeat(bytes)}\n`;

/** Lets all happen that can happen without time passing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    vi.advanceTimersByTime(1_000);
    await settle();
  }
}

test('whoever waits for an answer is not cut off, however long it takes, and is answered', async () => {
  const peers = await Promise.all(Array.from({ length: 40 }, peer));
  for (const socket of peers) socket.write(line(MIB));
  await settle();
  await pass(10);
  expect(cut).toEqual([]);
  // Not all of it was taken in.
  const taken = asked.length;
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(40);
  const answers = peers.map(async (socket) => String((await once(socket, 'data'))[0]));
  for (let answered = 0; answered < 40; answered += 1) {
    for (let waited = 0; !asked[0] && waited < 10; waited += 1) await pass(1);
    asked.shift()?.answer('done');
    await settle();
  }
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 40 }, () => 'done\n'));
  expect(cut).toEqual([]);
});

test('lines that came together and are too much for all of them are ended, one after the other', async () => {
  const peers = await Promise.all(Array.from({ length: 8 }, peer));
  // None of them is whole when too much is held.
  for (const socket of peers) socket.write(line(MIB).slice(0, 0.75 * MIB));
  await settle();
  expect(asked).toEqual([]);
  for (const socket of peers) socket.write(line(MIB).slice(0.75 * MIB));
  const answers = peers.map(async (socket) => String((await once(socket, 'data'))[0]));
  for (let answered = 0; answered < 8; answered += 1) {
    for (let waited = 0; !asked[0] && waited < 10; waited += 1) await pass(1);
    asked.shift()?.answer('done');
    await settle();
  }
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 8 }, () => 'done\n'));
  expect(cut).toEqual([]);
});

test('one that waits at its own wish costs what it was given, not how long its line was', async () => {
  const peers = await Promise.all(Array.from({ length: 8 }, peer));
  for (const socket of peers) {
    const before = asked.length;
    socket.write(line(MIB));
    for (let turn = 0; turn < 10 && asked.length === before; turn += 1) await settle();
    asked.at(-1)?.exchange.parks();
  }
  expect(asked).toHaveLength(8);
  await pass(5);
  expect(cut).toEqual([]);
});

test.each([
  ['reads nothing', (socket: Socket) => void socket.pause().write(line(10))],
  ['does not end its line', (socket: Socket) => void socket.write(line(2 * MIB).trimEnd())],
])('one that %s is', async (what, misbehave) => {
  const peers = await Promise.all(Array.from({ length: 8 }, peer));
  for (const socket of peers) misbehave(socket);
  await settle();
  if (what === 'reads nothing') for (const { answer } of asked) answer('x'.repeat(MIB));
  else for (const socket of peers) socket.write(' '.repeat(MIB));
  await settle();
  await pass(10);
  expect(cut.length).toBeGreaterThan(0);
  expect(cut.length).toBeLessThan(8);
});

test('those that wait for less go on one in a turn: what each holds then counts for the next', async () => {
  const holdings = new Holdings(() => undefined, 4 * MIB);
  const holder = (): { destroy: () => void } => ({ destroy: () => undefined });
  const first = holder();
  holdings.set(first, 5 * MIB, 0);
  const wentOn: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    holdings.whenLess(() => {
      wentOn.push(n);
      // Not before others could have gone on as well, had they been called together.
      queueMicrotask(() => holdings.set(holder(), MIB, 0));
    });
  }
  holdings.set(first, 0, 0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(wentOn).toEqual([19]);
  await settle();
  expect(wentOn).toEqual([19, 18, 17, 16, 15]);
  holdings.close();
});
