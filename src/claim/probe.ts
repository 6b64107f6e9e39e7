/** Asking a socket whether a daemon lives behind it. */
import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { isHeldByKilled, LIVELY_MS } from './killed-process.ts';
import { errorCode } from '../system/errors.ts';

/** How long a daemon may take to answer a probe before it counts as hung. Milliseconds. */
export const PROBE_DEADLINE_MS = 2_000;
/** How long before dialling again where the queue of a socket is full. Milliseconds. */
const FULL_QUEUE_PAUSE_MS = 25;

interface ProbeOptions {
  /** Milliseconds; default {@link PROBE_DEADLINE_MS}. */
  readonly deadline?: number;
  /** What to ask; default `daemon.hello`. */
  readonly method?: 'daemon.hello' | 'daemon.status';
}

export type Probe =
  /** Nobody lives there; a daemon that was killed and cannot go away may still hold the socket. */
  | { readonly kind: 'absent' }
  /** `daemon.status` tells the data directory, too. */
  | {
      readonly kind: 'alive';
      readonly pid: number;
      readonly version: string;
      readonly dataDir?: string | undefined;
    }
  /** Accepted and closed without an answer: a daemon that is ending. */
  | { readonly kind: 'closing' }
  /** Nobody takes the connection, or nobody answers on it: a daemon that is stuck, not one that is dead. */
  | { readonly kind: 'hung' };

/** Asks whether a daemon lives behind a socket path. */
export async function probe(
  path: string,
  { deadline = PROBE_DEADLINE_MS, method = 'daemon.hello' }: ProbeOptions = {},
): Promise<Probe> {
  const end = performance.now() + deadline;
  for (;;) {
    const found = await ask(path, method, Math.max(0, end - performance.now()));
    if (found.kind !== 'full') return found;
    // As many connect to a socket that nobody takes connections from as it has room for; Linux says so at once.
    if (performance.now() >= end) return { kind: isHeldByKilled(path) ? 'absent' : 'hung' };
    await delay(FULL_QUEUE_PAUSE_MS);
  }
}

type Answer = Probe | { readonly kind: 'full' };

function ask(path: string, method: string, deadline: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    let received = '';
    let connected = false;
    const finish = (result: Answer): void => {
      socket.destroy();
      resolve(result);
    };
    const silent = setTimeout(() => {
      if (isHeldByKilled(path)) finish({ kind: 'absent' });
    }, LIVELY_MS);
    const timer = setTimeout(() => finish({ kind: 'hung' }), deadline);
    socket.on('connect', () => {
      connected = true;
      socket.write(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":{}}\n`);
    });
    socket.on('data', (chunk) => {
      received += chunk.toString();
      const end = received.indexOf('\n');
      if (end !== -1) finish(readAnswer(received.slice(0, end)));
    });
    socket.on('error', (error) => {
      const code = errorCode(error);
      if (code === 'ENOENT' || code === 'ECONNREFUSED') finish({ kind: 'absent' });
      else if (connected) finish({ kind: 'closing' });
      else if (code === 'EAGAIN') finish({ kind: 'full' });
      else reject(error);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      clearTimeout(silent);
      finish({ kind: 'closing' });
    });
  });
}

function readAnswer(line: string): Probe {
  try {
    const { result } = JSON.parse(line) as {
      result?: { pid?: number; version?: string; data_dir?: string };
    };
    const { pid = 0, version = 'unknown', data_dir: dataDir } = result ?? {};
    return { kind: 'alive', pid, version, dataDir };
  } catch {
    // Whatever it is, it answers; it is not ours to remove.
    return { kind: 'alive', pid: 0, version: 'unknown' };
  }
}
