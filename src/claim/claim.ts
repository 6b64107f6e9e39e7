/**
 * One daemon a socket: the bound socket is the lock.
 *
 * proper-lockfile guards only the moment between asking whether anybody answers and taking the path; it is not held
 * for life, because after a kill it would stay, and during a sleep it could be stolen.
 */
import { closeSync } from 'node:fs';
import { chmod, lstat, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { lockOf, pidFile } from './beside.ts';
import { isDaemonOf, LOOK_FOR_DAEMON } from './process-ids.ts';
import { errorCode, ifMissing, isMissing, isNowhere } from '../system/errors.ts';
import { readSmallFile } from '../system/small-file.ts';
import { privateName, removeLeftBehind } from './private-name.ts';
import { PROBE_DEADLINE_MS, type Probe, probe } from './probe.ts';
import { ageLock, isInTheWay } from './stale-lock.ts';

/** How long to wait for somebody who is starting or ending. Milliseconds. */
export const CLAIM_DEADLINE_MS = 15_000;
/** How long before looking again while somebody else is starting or ending. Milliseconds. */
export const CLAIM_PAUSE_MS = 25;
/** A lock left by a killed process blocks a start for this long. Milliseconds; the library's minimum is 2,000. */
const LOCK_STALE_MS = 5_000;
/** A number and a line feed. Bytes. */
const MAX_PID_NOTE = 64;
/** As many as may connect at once; the system may allow fewer. */
const BACKLOG = 1_024;

/** Why this process cannot be the daemon; the message says what to do. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError';
}

/** The socket path, while it is this process's. */
export class Claim {
  readonly server: Server;
  readonly path: string;
  readonly #dev: bigint;
  readonly #ino: bigint;

  constructor(server: Server, path: string, identity: { dev: bigint; ino: bigint }) {
    this.server = server;
    this.path = path;
    this.#dev = identity.dev;
    this.#ino = identity.ino;
  }

  /** Whether somebody else goes on listening when this process no longer does. */
  get outlivesDaemon(): boolean {
    return false;
  }

  /** What is to be there for as long as the daemon runs, wherever files are removed for their age. */
  get files(): readonly string[] {
    return [this.path, pidFile(this.path)];
  }

  /** Whether the path still leads to this process's socket. */
  async isOurs(): Promise<boolean> {
    try {
      const now = await lstat(this.path, { bigint: true });
      return now.dev === this.#dev && now.ino === this.#ino;
    } catch (error) {
      if (isNowhere(error)) return false;
      throw error;
    }
  }

  /** Whether a path leads to this process's socket, by whatever name; null where that cannot be told. */
  async leadsHere(path: string): Promise<boolean | null> {
    const there = await stat(path, { bigint: true }).catch(() => null);
    return there !== null && there.dev === this.#dev && there.ino === this.#ino;
  }

  /**
   * Stops listening without a word to the disk, for a process that is about to be killed: the path then leads nowhere,
   * which whoever comes takes for what it is. Closing the server would wait for the disk, to unlink the name that it was
   * bound to.
   */
  abandon(): void {
    const { _handle: handle } = this.server as Server & {
      readonly _handle?: { readonly fd?: number } | null;
    };
    // Node has no other way to it; without one, the process keeps its socket for as long as the disk keeps the process.
    if (handle?.fd !== undefined && handle.fd >= 0) closeSync(handle.fd);
  }

  /** Gives the path up, if it is still ours; a successor's socket stays. Connections are not touched. */
  async release(): Promise<void> {
    if (await this.isOurs()) await rm(this.path, { force: true });
    await removeNote(this.path);
  }
}

/**
 * Writes down whose socket it is. A full disk is no reason not to serve, nor is something that has the note's name and
 * cannot be removed; better no note than somebody else's.
 */
export async function notePid(socket: string): Promise<void> {
  try {
    // Whatever else has the name is not written into: a pipe would be waited for, and a link followed.
    await rm(pidFile(socket), { force: true });
    await writeFile(pidFile(socket), `${process.pid}\n`, { flag: 'wx', mode: 0o600 });
  } catch {
    await rm(pidFile(socket), { force: true }).catch(() => undefined);
  }
}

/** What the note says; empty where there is none, or something that is no file. */
async function notedPid(socket: string): Promise<string> {
  return (await readSmallFile(pidFile(socket), MAX_PID_NOTE).catch(() => undefined)) ?? '';
}

/** Removes the note of this process; a successor's stays. */
export async function removeNote(socket: string): Promise<void> {
  const noted = await notedPid(socket);
  if (noted.trim() === String(process.pid)) await rm(pidFile(socket), { force: true });
}

/**
 * Takes the socket path, or tells who has it.
 *
 * @throws {ClaimError} when a hung daemon holds it, when something that is no socket is in the way, or when
 *   another process keeps starting or ending
 */
export async function claimSocket(
  path: string,
): Promise<Claim | { readonly alive: { pid: number; version: string } }> {
  const deadline = performance.now() + CLAIM_DEADLINE_MS;
  while (performance.now() < deadline) {
    const found = await probeOrExplain(path);
    if (found.kind === 'alive') return { alive: found };
    if (found.kind === 'hung') throw new ClaimError(await hungMessage(path));
    const claim = found.kind === 'absent' ? await underLock(path) : null;
    if (claim) return claim;
    await delay(CLAIM_PAUSE_MS);
  }
  throw new ClaimError(
    `cannot take ${path}: another daemon has been starting or ending for ${CLAIM_DEADLINE_MS / 1000} s; look for it with: ps ax | grep gardenerd`,
  );
}

/** Probes once more and binds, while nobody else does. Null when somebody else is at it. */
function underLock(path: string): Promise<Claim | null> {
  return locked(path, async (stolen) => {
    if ((await probeOrExplain(path)).kind !== 'absent' || stolen()) return null;
    return await bind(path);
  });
}

/**
 * Does something while nobody else does it for this path. Null when somebody else is at it.
 *
 * @throws {ClaimError} when something that is no lock has its name
 * @param task is told by its argument whether the lock was stolen, as from a process that slept
 */
export async function locked<T>(
  path: string,
  task: (stolen: () => boolean) => Promise<T>,
): Promise<T | null> {
  const lockPath = lockOf(path);
  let compromised = false;
  let unlock: () => Promise<void>;
  try {
    unlock = await lock(path, {
      lockfilePath: lockPath,
      realpath: false,
      stale: LOCK_STALE_MS,
      // A stolen lock is not fatal: two sockets may be bound then, and the one whose path was replaced steps down.
      onCompromised: () => {
        compromised = true;
      },
    });
  } catch (error) {
    if (await isInTheWay(lockPath)) {
      throw new ClaimError(
        `cannot take ${path}: something that is no lock of a daemon is in the way at ${lockPath}; move it`,
      );
    }
    if (errorCode(error) !== 'ELOCKED') throw error;
    await ageLock(lockPath, LOCK_STALE_MS);
    return null;
  }
  try {
    return await task(() => compromised);
  } finally {
    // Whoever stole the lock releases it; ours is gone already.
    await unlock().catch((error: unknown) => {
      if (errorCode(error) !== 'ERELEASED' && errorCode(error) !== 'ENOTACQUIRED') throw error;
    });
  }
}

/**
 * Binds under a private name and renames it to the public one. Null when somebody who took the lock over was at it,
 * too, and removed the private name as left behind.
 *
 * The rename replaces a dead socket without a moment in which there is none. And closing a server unlinks the path
 * it was bound to, even when that is a successor's by then: with this one it is a name nobody uses. What it costs is in
 * `keep-young.ts`.
 */
async function bind(path: string): Promise<Claim | null> {
  await refuseOtherThanSocket(path);
  await removeLeftBehind(path);
  const privatePath = privateName(path);
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  holdEarlyConnections(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: privatePath, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  try {
    await chmod(privatePath, 0o600);
    const identity = await lstat(privatePath, { bigint: true });
    await rename(privatePath, path);
    await notePid(path);
    return new Claim(server, path, identity);
  } catch (error) {
    server.close();
    if (isMissing(error)) return null;
    throw error;
  }
}

/**
 * Keeps the connections that come before the daemon has read its file and listens to the server. Without a listener
 * they would stay open and unanswered for ever.
 */
export function holdEarlyConnections(server: Server): void {
  const early: Socket[] = [];
  const hold = (socket: Socket): void => void early.push(socket);
  const handOver = (event: string | symbol): void => {
    if (event !== 'connection') return;
    server.off('newListener', handOver);
    server.off('connection', hold);
    process.nextTick(() => {
      for (const socket of early) server.emit('connection', socket);
    });
  };
  server.on('connection', hold);
  server.on('newListener', handOver);
}

async function refuseOtherThanSocket(path: string): Promise<void> {
  const status = await lstat(path).catch(ifMissing(null));
  if (!status || status.isSocket()) return;
  throw new ClaimError(
    `cannot listen on ${path}: something that is no socket is in the way; move it, or choose another path with --socket`,
  );
}

async function probeOrExplain(path: string): Promise<Probe> {
  try {
    return await probe(path);
  } catch (error) {
    await refuseOtherThanSocket(path);
    throw error;
  }
}

/** What a person is told of a daemon that does not answer. A number is named only where it is that daemon's. */
export async function hungMessage(path: string): Promise<string> {
  const pid = Number.parseInt(await notedPid(path), 10);
  const [who, remedy] = isDaemonOf(pid, path)
    ? [`process ${pid}`, `end it with: kill -9 ${pid}`]
    : ['it', LOOK_FOR_DAEMON];
  return `cannot take ${path}: a daemon holds it and has not answered for ${PROBE_DEADLINE_MS / 1000} s; ${who} may be stopped or stuck; ${remedy}`;
}
