/**
 * One daemon a socket: the bound socket is the lock.
 *
 * proper-lockfile guards only the moment between asking whether anybody answers and taking the path; it is not held
 * for life, because after a kill it would stay, and during a sleep it could be stolen.
 */
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { chmod, lstat, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { lockOf, MAX_PID_NOTE, pidFile } from './beside.ts';
import { notedPid } from './killed-process.ts';
import { isDaemonOf, LOOK_FOR_DAEMON } from './process-ids.ts';
import { errorCode, ifMissing, isMissing, isNowhere } from '../system/errors.ts';
import { readSmallFile } from '../system/small-file.ts';
import { privateName, removeLeftBehind } from './private-name.ts';
import { PROBE_DEADLINE_MS, type Probe, probe } from './probe.ts';
import { ageLock, isInTheWay } from './stale-lock.ts';

/** How long to wait for somebody who is starting or ending. Milliseconds. */
const CLAIM_DEADLINE_MS = 15_000;
/** How long before looking again while somebody else is starting or ending. Milliseconds. */
const CLAIM_PAUSE_MS = 25;
/** A lock left by a killed process blocks a start for this long. Milliseconds; the library's minimum is 2,000. */
const LOCK_STALE_MS = 5_000;
/** As many as may connect at once; the system may allow fewer. */
const BACKLOG = 1_024;

/** Why this process cannot be the daemon; the message says what to do. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError';
}

/** Another daemon serves this socket already. */
export interface AlreadyRunning {
  readonly alreadyRunning: { readonly pid: number; readonly version: string };
}

interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The socket path, while it is this process's. */
export class Claim {
  readonly server: Server;
  readonly path: string;
  readonly #identity: Identity | null;

  /** @param identity of the socket; null where its path leads nowhere, so that nobody can have taken it either */
  constructor(server: Server, path: string, identity: Identity | null) {
    this.server = server;
    this.path = path;
    this.#identity = identity;
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
    if (this.#identity === null) return true;
    try {
      return this.#is(await lstat(this.path, { bigint: true }));
    } catch (error) {
      if (isNowhere(error)) return false;
      throw error;
    }
  }

  /** Whether a path leads to this process's socket, by whatever name; null where that cannot be told. */
  async leadsHere(path: string): Promise<boolean | null> {
    const there = await stat(path, { bigint: true }).catch(() => null);
    return there !== null && this.#is(there);
  }

  #is({ dev, ino }: Identity): boolean {
    return dev === this.#identity?.dev && ino === this.#identity.ino;
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

/** Removes the note of this process; a successor's stays. */
export async function removeNote(socket: string): Promise<void> {
  const noted = await readSmallFile(pidFile(socket), MAX_PID_NOTE).catch(() => undefined);
  if (noted?.trim() === String(process.pid)) await rm(pidFile(socket), { force: true });
}

/**
 * Takes the socket path, or tells who has it.
 *
 * @throws {ClaimError} when a hung daemon holds it, when something that is no socket is in the way, or when
 *   another process keeps starting or ending
 */
export async function claimSocket(path: string): Promise<Claim | AlreadyRunning> {
  return await insist(`take ${path}`, async () => {
    const found = await probeOrExplain(path);
    if (found.kind === 'alive') return { alreadyRunning: found };
    if (found.kind === 'hung') throw new ClaimError(hungMessage(path));
    if (found.kind === 'closing') return null;
    return await locked(path, async (stolen) => {
      if ((await probeOrExplain(path)).kind !== 'absent' || stolen()) return null;
      return await bind(path);
    });
  });
}

/**
 * Tries until it comes to something.
 *
 * @param what is tried, after "cannot"
 * @param attempt gives null while somebody else is starting or ending
 * @throws {ClaimError} when that takes too long
 */
export async function insist<T>(what: string, attempt: () => Promise<T | null>): Promise<T> {
  const deadline = performance.now() + CLAIM_DEADLINE_MS;
  while (performance.now() < deadline) {
    const got = await attempt();
    if (got !== null) return got;
    await delay(CLAIM_PAUSE_MS);
  }
  throw new ClaimError(
    `cannot ${what}: another daemon has been starting or ending for ${CLAIM_DEADLINE_MS / 1000} s; look for it with: ps ax | grep gardenerd`,
  );
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
  const server = newServer();
  await once(server.listen({ path: privatePath, backlog: BACKLOG }), 'listening');
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
 * A server that keeps the connections that come before the daemon has read its file and listens to it. Without a
 * listener they would stay open and unanswered for ever.
 */
export function newServer(): Server {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
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
  return server;
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
export function hungMessage(path: string): string {
  const pid = notedPid(path);
  const [who, remedy] =
    pid !== undefined && isDaemonOf(pid, path)
      ? [`process ${pid}`, `end it with: kill -9 ${pid}`]
      : ['it', LOOK_FOR_DAEMON];
  return `cannot take ${path}: a daemon holds it and has not answered for ${PROBE_DEADLINE_MS / 1000} s; ${who} may be stopped or stuck; ${remedy}`;
}
