/** Asking a socket whether a daemon lives behind it. */
import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '../store/atomic-file.ts';

/** How long a daemon may take to answer a probe before it counts as hung. Milliseconds. */
export const PROBE_DEADLINE_MS = 2_000;
/** How long before dialling again where the queue of a socket is full. Milliseconds. */
const FULL_QUEUE_PAUSE_MS = 25;

export type Probe =
  | { readonly kind: 'absent' }
  | { readonly kind: 'alive'; readonly pid: number; readonly version: string }
  /** Accepted and closed without an answer: a daemon that is ending. */
  | { readonly kind: 'closing' }
  /** Nobody takes the connection, or nobody answers on it: a daemon that is stuck, not one that is dead. */
  | { readonly kind: 'hung' };

/** Asks whether a daemon lives behind a socket path. */
export async function probe(path: string, deadline: number = PROBE_DEADLINE_MS): Promise<Probe> {
  const end = performance.now() + deadline;
  for (;;) {
    const found = await ask(path, Math.max(0, end - performance.now()));
    if (found.kind !== 'full') return found;
    // As many connect to a socket that nobody takes connections from as it has room for; Linux says so at once.
    if (performance.now() >= end) return { kind: 'hung' };
    await delay(FULL_QUEUE_PAUSE_MS);
  }
}

function ask(path: string, deadline: number): Promise<Probe | { readonly kind: 'full' }> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    let received = '';
    let connected = false;
    const finish = (result: Probe | { readonly kind: 'full' }): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => finish({ kind: 'hung' }), deadline);
    socket.on('connect', () => {
      connected = true;
      socket.write('{"jsonrpc":"2.0","id":1,"method":"daemon.hello","params":{}}\n');
    });
    socket.on('data', (chunk) => {
      received += chunk.toString();
      const end = received.indexOf('\n');
      if (end !== -1) finish(readHello(received.slice(0, end)));
    });
    socket.on('error', (error) => {
      const code = errorCode(error);
      if (code === 'ENOENT' || code === 'ECONNREFUSED') finish({ kind: 'absent' });
      else if (connected) finish({ kind: 'closing' });
      else if (code === 'EAGAIN') finish({ kind: 'full' });
      else {
        clearTimeout(timer);
        reject(error);
      }
    });
    socket.on('close', () => finish({ kind: 'closing' }));
  });
}

function readHello(line: string): Probe {
  try {
    const { result } = JSON.parse(line) as { result?: { pid?: number; version?: string } };
    return { kind: 'alive', pid: result?.pid ?? 0, version: result?.version ?? 'unknown' };
  } catch {
    // Whatever it is, it answers; it is not ours to remove.
    return { kind: 'alive', pid: 0, version: 'unknown' };
  }
}
