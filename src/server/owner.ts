/**
 * One daemon a data directory, whichever sockets they have: a socket may be chosen by hand, and the short one for a long
 * path depends on the environment. Two daemons that write one file would each take the other for an editor and lose
 * changes in the instants that an editor may lose.
 *
 * Whoever has a socket notes it in `<data>/run/owner`; whoever comes with another one asks there first.
 */
import { readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeDirectory } from '../make-directory.ts';
import type { Paths } from '../paths.ts';
import { CLAIM_DEADLINE_MS, CLAIM_PAUSE_MS, ClaimError, hungMessage, locked } from './claim.ts';
import { probe } from './probe.ts';

type Place = Pick<Paths, 'dataDir' | 'runDir' | 'socket'>;

/**
 * Notes that this process serves the data directory. To be called by whoever has its socket.
 *
 * @throws {ClaimError} when a daemon with another socket serves it, or hangs there
 */
export async function claimDirectory(place: Place): Promise<void> {
  makeDirectory(place.runDir);
  const deadline = performance.now() + CLAIM_DEADLINE_MS;
  while (performance.now() < deadline) {
    if (await locked(noteOf(place), () => noteUnlessServed(place))) return;
    await delay(CLAIM_PAUSE_MS);
  }
  throw new ClaimError(
    `cannot serve ${place.dataDir}: another daemon has been starting or ending for ${CLAIM_DEADLINE_MS / 1000} s; look for it with: ps ax | grep gardenerd`,
  );
}

/** Removes the note, if it is this process's. To be called before the socket is given up. */
export async function releaseDirectory(place: Place): Promise<void> {
  if ((await readNote(place))?.pid === process.pid) await rm(noteOf(place), { force: true });
}

/** False while the other daemon is just ending. */
async function noteUnlessServed(place: Place): Promise<boolean> {
  const { dataDir, socket } = place;
  const other = await readNote(place);
  if (other && other.socket !== socket) {
    const found = await probe(other.socket, { method: 'daemon.status' }).catch(() => null);
    if (found?.kind === 'closing') return false;
    if (found?.kind === 'hung') throw new ClaimError(await hungMessage(other.socket));
    // Its socket may be another directory's by now.
    if (found?.kind === 'alive' && (await isSame(found.dataDir, dataDir))) {
      throw new ClaimError(
        `cannot serve ${dataDir} on ${socket}: process ${found.pid} serves it on ${other.socket}; use that socket (CODEBASE_GARDENER_SOCKET), or end it with: gardener --socket ${other.socket} daemon stop`,
      );
    }
  }
  try {
    await writeFile(noteOf(place), `${process.pid} ${socket}\n`, { mode: 0o600 });
  } catch {
    // A full disk is no reason not to serve; better no note than somebody else's.
    await rm(noteOf(place), { force: true });
  }
  return true;
}

function noteOf({ runDir }: Place): string {
  return join(runDir, 'owner');
}

async function readNote(place: Place): Promise<{ pid: number; socket: string } | null> {
  const text = await readFile(noteOf(place), 'utf8').catch(() => '');
  const [, pid, socket] = /^(\d+) (\/[^\n]*)\n$/.exec(text) ?? [];
  return pid === undefined || socket === undefined ? null : { pid: Number(pid), socket };
}

async function isSame(a: string | undefined, b: string): Promise<boolean> {
  if (a === undefined) return false;
  const [left, right] = await Promise.all([a, b].map((path) => realpath(path).catch(() => path)));
  return left === right;
}
