/**
 * Sockets that a service manager listens on and hands over: `LISTEN_FDS` (systemd), and descriptor 0 (launchd's
 * `inetdCompatibility` with `Wait`, and `systemd-socket-activate --inetd`).
 *
 * Such a socket is the one-instance claim itself: its owner starts one daemon at a time. It outlives the daemon, so
 * that it is never unlinked, and connections wait in it while one daemon ends and the next one starts.
 */
import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import { lstat, readFile, stat } from 'node:fs/promises';
import type { ServiceManagerName } from '../flags.ts';
import { pidFile } from './beside.ts';
import { Claim, ClaimError, newServer, notePid, removeNote } from './claim.ts';

/** https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html */
const FIRST_PASSED_DESCRIPTOR = 3;
/** https://man7.org/linux/man-pages/man5/proc_pid_net.5.html; other systems have nothing to read. */
const SOCKETS = '/proc/self/net/unix';

export interface InheritedSocket {
  readonly descriptor: number;
  /** Who passes sockets in this way. */
  readonly manager: ServiceManagerName;
}

/**
 * Looks for a socket that was handed to this process, and removes `LISTEN_*` from the environment, so that no child
 * takes it for its own. Whether descriptor 0 is one that listens is known only when it is adopted.
 *
 * @throws {ClaimError} when several sockets were passed, or what was passed is none
 */
export function findInherited(env: NodeJS.ProcessEnv = process.env): InheritedSocket | null {
  const { LISTEN_FDS: count, LISTEN_PID: pid } = env;
  delete env['LISTEN_FDS'];
  delete env['LISTEN_PID'];
  delete env['LISTEN_FDNAMES'];
  if (count !== undefined && Number(pid) === process.pid) {
    if (count !== '1' || !isSocket(FIRST_PASSED_DESCRIPTOR)) {
      throw new ClaimError(
        `cannot take over the socket that was passed: LISTEN_FDS is ${count}, and the daemon takes one Unix socket as descriptor ${FIRST_PASSED_DESCRIPTOR}; leave one ListenStream in the socket unit`,
      );
    }
    return { descriptor: FIRST_PASSED_DESCRIPTOR, manager: 'systemd' };
  }
  if (!isSocket(0)) return null;
  return { descriptor: 0, manager: process.platform === 'darwin' ? 'launchd' : 'systemd' };
}

/** A socket of a service manager, while this process serves it. */
class InheritedClaim extends Claim {
  /** The manager keeps listening: what comes from now on waits for the next daemon. */
  override get outlivesDaemon(): boolean {
    return true;
  }

  /** The socket is for its manager to keep, who bound it in its place and may be another user. */
  override get files(): readonly string[] {
    return [pidFile(this.path)];
  }

  /** Where a socket is that was opened elsewhere, Node cannot ask. */
  override leadsHere(): Promise<null> {
    return Promise.resolve(null);
  }

  /** Leaves the socket to its owner; only the note of the process id goes. */
  override async release(): Promise<void> {
    await removeNote(this.path);
  }
}

/**
 * Serves a socket that was handed over.
 *
 * @param path where it is, as far as the daemon was told; the claim has the path where it really is, where the system
 *   tells: whoever comes with another one must be sent there
 * @returns null when the descriptor is no listening socket: a pipe of whoever started the process
 * @throws {ClaimError} when it listens on the network
 */
export async function adoptSocket({ descriptor }: InheritedSocket, path: string): Promise<Claim | null> {
  const server = newServer();
  // EINVAL: a socket that is connected already. Nothing else can go wrong with a descriptor that is a socket.
  const listening = once(server.listen({ fd: descriptor }), 'listening').catch(() => null);
  if ((await listening) === null) {
    if (descriptor === 0) return null;
    throw new ClaimError(
      `cannot take over descriptor ${descriptor}: it is no socket that listens; use ListenStream with Accept=no in the socket unit`,
    );
  }
  // Node knows no address for a Unix socket that was opened elsewhere.
  if (server.address() !== null) {
    server.close();
    throw new ClaimError(
      `cannot take over descriptor ${descriptor}: it listens on the network, where everybody could reach the registry; use a Unix socket`,
    );
  }
  const place = await placeOf(descriptor, path);
  const status = await lstat(place, { bigint: true }).catch(() => null);
  await notePid(place);
  return new InheritedClaim(server, place, status?.isSocket() ? status : null);
}

/** Where a socket is: the path that it was told to be at, unless the system names another one and a socket is there. */
async function placeOf(descriptor: number, told: string): Promise<string> {
  const bound = await boundPath(descriptor);
  if (bound === null || bound === told) return told;
  const [there, here] = await Promise.all(
    [bound, told].map((path) => stat(path, { bigint: true }).catch(() => null)),
  );
  if (!there?.isSocket()) return told;
  // The same by another name.
  return there.dev === here?.dev && there.ino === here.ino ? told : bound;
}

/** The path that a socket was bound to, as whoever did it named it; null where the system does not tell. */
async function boundPath(descriptor: number): Promise<string | null> {
  const table = await readFile(SOCKETS, 'utf8').catch(() => '');
  const { ino } = fstatSync(descriptor, { bigint: true });
  for (const line of table.split('\n')) {
    // Address, count, protocol, flags, type, state, inode, path.
    const [, inode, path] = /^\S+: (?:\S+ +){5}(\d+) (\/.*)$/.exec(line) ?? [];
    if (path !== undefined && inode === String(ino)) return path;
  }
  return null;
}

function isSocket(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isSocket();
  } catch {
    // Closed: EBADF.
    return false;
  }
}
