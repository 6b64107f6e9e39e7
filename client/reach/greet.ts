/** One attempt to reach a daemon: is the socket ours, does somebody listen, does it say hello. */
import { lstatSync, type Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDaemonOf, LOOK_FOR_DAEMON } from '../../src/claim/process-ids.ts';
import { RegistryError } from '../../src/domain/errors.ts';
import { isRefusal } from '../../src/domain/values/refusal.ts';
import { isHeldByKilled, LIVELY_MS, notedPid } from '../../src/claim/killed-process.ts';
import type { Paths } from '../../src/paths.ts';
import type { Params, Result } from '../../src/protocol/methods.ts';
import { PROTOCOL_VERSION } from '../../src/protocol/version.ts';
import { WITHOUT_SUDO } from '../../src/claim/private-directory.ts';
import { Connection } from '../wire/connection.ts';
import { deadlineIn, inMs, pause, within } from '../wire/deadline.ts';
import { ConnectionError, systemWords } from '../errors.ts';
import { dial } from '../../src/system/dial.ts';
import { errorCode, isMissing } from '../../src/system/errors.ts';

export interface Target {
  readonly paths: Paths;
  readonly client: Params<'daemon.hello'>['client'];
  readonly connectMs: number;
  readonly helloMs: number;
}

/** A connection on which both sides have said hello. */
export interface Greeted {
  readonly connection: Connection;
  readonly hello: Result<'daemon.hello'>;
}

/** How long to wait when the queue of the socket is full, in milliseconds. */
const FULL_QUEUE_WAIT_MS = 10;

/**
 * Dials and says hello, once.
 *
 * @returns `absent` when nobody listens, `closing` when the connection was closed before the answer, as a daemon
 *   does that is just ending, and `ending` where it says so
 * @throws {ConnectionError} `not_allowed` or `hung`
 * @throws {RegistryError} `incompatible_protocol` or `too_many_connections`
 */
export async function greet(
  target: Target,
  signal: AbortSignal,
): Promise<Greeted | 'absent' | 'closing' | 'ending'> {
  const { socket } = target.paths;
  const dialled = await checkSocket(target.paths);
  let connection: Connection;
  try {
    const late = () => hung(socket, `nobody took the connection within ${inMs(target.connectMs)}`);
    const deadline = deadlineIn(target.connectMs, late);
    connection = await within({ deadline, signal }, (aborted) => open(socket, aborted));
  } catch (error) {
    switch (errorCode(error)) {
      case undefined:
        // As many wait there as the socket has room for.
        if (isHeldByKilled(socket)) return 'absent';
        throw error;
      case 'ENOENT':
      case 'ECONNREFUSED':
        return 'absent';
      case 'ECONNRESET':
        return 'closing';
      default:
        throw notAllowed(socket, error);
    }
  }
  let instead: 'absent' | 'closing' | undefined;
  const silent = setTimeout(() => {
    if (isHeldByKilled(socket)) instead = 'absent';
    // Somebody has taken the place of whoever was dialled, who may never answer.
    else if (dialled && inodeOf(socket) !== dialled.ino) instead = 'closing';
    if (instead) void connection.close();
  }, LIVELY_MS);
  try {
    const late = () =>
      hung(socket, `the connection was taken, and no answer came within ${inMs(target.helloMs)}`);
    const deadline = deadlineIn(target.helloMs, late);
    const hello = await within({ deadline, signal }, (aborted) => sayHello(connection, target, aborted));
    return { connection, hello };
  } catch (error) {
    await connection.close();
    if (instead) return instead;
    if (error instanceof ConnectionError && error.reason === 'lost') return 'closing';
    if (isRefusal(error, 'shutting_down')) return 'ending';
    throw error;
  } finally {
    clearTimeout(silent);
  }
}

async function sayHello(
  connection: Connection,
  { client }: Target,
  signal: AbortSignal,
): Promise<Result<'daemon.hello'>> {
  const params: Params<'daemon.hello'> = {
    client,
    protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
  };
  const hello = (await connection.request('daemon.hello', params, { signal })) as Result<'daemon.hello'>;
  if (hello.protocol === PROTOCOL_VERSION) return hello;
  throw new RegistryError(
    'incompatible_protocol',
    `cannot use the daemon: it speaks protocol ${hello.protocol} and this client ${PROTOCOL_VERSION}; update the older of the two`,
  );
}

/** Connects; waits while the queue is full, which Linux reports at once instead of waiting itself. */
async function open(path: string, signal: AbortSignal): Promise<Connection> {
  for (;;) {
    try {
      return new Connection(await dial(path, signal), path);
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') throw error;
      await pause(FULL_QUEUE_WAIT_MS, signal);
    }
  }
}

/**
 * Refuses what belongs to somebody else: Node cannot ask who is at the other end, so the owner of the socket, and of
 * the directory in which it could be replaced, has to do. Root may own the directory (`/tmp`, `/run`).
 *
 * @returns what is there, undefined for nothing
 */
async function checkSocket(paths: Paths): Promise<Stats | undefined> {
  const { socket: path } = paths;
  const directory = await statusOf(dirname(path), paths);
  if (directory && directory.uid !== 0) refuseOthers(dirname(path), directory);
  const socket = await statusOf(path, paths);
  if (!socket) return undefined;
  refuseOthers(path, socket);
  // Linux calls a connection to a file "refused", as if a daemon had died.
  if (!socket.isSocket() && !socket.isSymbolicLink()) throw notAllowed(path, new Error('it is no socket'));
  return socket;
}

function inodeOf(path: string): number | undefined {
  try {
    return lstatSync(path).ino;
  } catch {
    // Whatever it is, it is not what was dialled.
    return undefined;
  }
}

async function statusOf(path: string, { runDir, dataDir }: Paths): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (errorCode(error) !== 'ENOTDIR' || path !== runDir) throw notAllowed(path, error);
    throw new ConnectionError(
      'not_allowed',
      `cannot use the data directory ${dataDir}: it is no directory; choose another one with --data-dir or CODEBASE_GARDENER_DATA_DIR`,
      { cause: error },
    );
  }
}

function refuseOthers(path: string, { uid }: Stats): void {
  const own = process.getuid?.() ?? uid;
  if (uid === own) return;
  const message =
    own === 0
      ? // Root could, and should not, remove what another user's programs are using.
        `cannot use ${path} as root: it belongs to user ${uid}; do ${WITHOUT_SUDO}`
      : `cannot use ${path}: it belongs to user ${uid} and not to you (${own}); remove it, or choose another socket with CODEBASE_GARDENER_SOCKET`;
  throw new ConnectionError('not_allowed', message);
}

function notAllowed(path: string, cause: unknown): ConnectionError {
  const code = errorCode(cause);
  const denied = code === 'EACCES' || code === 'EPERM';
  const why = denied ? `permission denied (${code})` : systemWords(cause);
  const remedy = denied
    ? 'connect as the user who runs the daemon and outside of sandboxes'
    : 'remove what is in the way, or choose another socket with CODEBASE_GARDENER_SOCKET';
  return new ConnectionError('not_allowed', `cannot connect to ${path}: ${why}; ${remedy}`, { cause });
}

function hung(socket: string, what: string): ConnectionError {
  const noted = notedPid(socket);
  // The number may be somebody else's here.
  const pid = noted !== undefined && isDaemonOf(noted, socket) ? noted : undefined;
  const who = pid === undefined ? 'the daemon' : `the daemon (process ${pid})`;
  const remedy = pid === undefined ? LOOK_FOR_DAEMON : `end it: kill -9 ${pid}`;
  return new ConnectionError(
    'hung',
    `cannot reach the registry: ${who} hangs: ${what} on ${socket}; if it stays like this, ${remedy}`,
  );
}
