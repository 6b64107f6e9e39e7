/** A server that speaks the protocol as a test wants it to: well, badly, or not at all. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface Request {
  readonly id: number;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** What a stand-in does with a request: writes whatever it likes to the socket, or gives a result to answer with. */
export type Behaviour = (request: Request, socket: Socket, standIn: StandIn) => unknown;

export interface StandIn {
  readonly socket: string;
  /** The requests received on all connections, hellos left out. */
  readonly received: Request[];
  readonly connections: Set<Socket>;
  /** How many connections there have been. */
  accepted: number;
}

export const HELLO = {
  protocol: 1,
  version: '0.0.0',
  pid: process.pid,
  epoch: 'stand-in',
  started_at: '2026-01-05T08:00:00.000Z',
  capabilities: [],
  host: '',
  home: '',
};

/** Given by a behaviour that leaves even hello without an answer. */
export const SILENCE = Symbol('silence');

export const answer = (id: number, result: unknown) => `${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`;

export const failure = (id: number | null, code: number, message: string, data?: unknown) =>
  `${JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, data } })}\n`;

/** A directory of its own for a test. */
export async function temporaryHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'gardener-client-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return home;
}

/**
 * Listens until the test is over. Hello is answered unless `behave` handles it, everything else only if it gives
 * something other than undefined.
 */
export async function standIn(behave: Behaviour = () => undefined, path?: string): Promise<StandIn> {
  const socket = path ?? join(await temporaryHome(), 'registry.sock');
  const it: StandIn = { socket, received: [], connections: new Set(), accepted: 0 };
  const server = createServer((peer) => {
    it.accepted += 1;
    it.connections.add(peer);
    peer.on('close', () => it.connections.delete(peer));
    // A client that goes away in the middle is what some tests are about.
    peer.on('error', () => peer.destroy());
    const heard = (line: string): void => {
      const request = JSON.parse(line) as Request;
      if (request.method !== 'daemon.hello') it.received.push(request);
      let result = behave(request, peer, it);
      if (result === undefined && request.method === 'daemon.hello') result = HELLO;
      if (result !== undefined && result !== SILENCE && peer.writable) peer.write(answer(request.id, result));
    };
    // Not with readline, which also ends lines at the separators of Unicode.
    let rest = '';
    peer.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) heard(line);
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(async () => {
    for (const peer of it.connections) peer.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return it;
}
