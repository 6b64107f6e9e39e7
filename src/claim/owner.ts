/**
 * One daemon a data directory, whichever sockets they have: a socket may be chosen by hand, and the short one for a long
 * path depends on the environment. Two daemons that write one file would each take the other for an editor and lose
 * changes in the instants that an editor may lose.
 *
 * Whoever has a socket notes it in `<data>/run/owner`; whoever comes with another one asks there first. Not everybody
 * can be asked: a daemon in a container has its socket out of sight, and a note can be removed. So the note decides
 * while a daemon runs, too: before each write it looks whether the note is still its own. One that is gone it writes
 * again; another's it leaves, and steps down. So two never replace each other's for ever: a note is put over another one
 * only at a start, or in the instant after none was found, and the last one names the daemon that goes on.
 */
import { randomInt } from 'node:crypto';
import { mkdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { identify, type Identity, sameIdentity, telling } from '../system/identity.ts';
import { removeStaged, stagedName } from '../system/staged.ts';
import { ownerNote } from './beside.ts';
import { isDaemonOf } from './process-ids.ts';
import { errorCode, leadsNowhere } from '../system/errors.ts';
import { makeDirectory } from '../system/make-directory.ts';
import type { Paths } from '../paths.ts';
import { readSmallFile, UnfitFile } from '../system/small-file.ts';
import { type Claim, ClaimError, hungMessage, insist, locked } from './claim.ts';
import { probe } from './probe.ts';

type Place = Pick<Paths, 'dataDir' | 'runDir' | 'socket'>;

/** A number and a path. Bytes. */
const MAX_NOTE = 8 * 1024;
/** How long whoever has an inherited socket waits for an answer that would probably be its own. Milliseconds. */
const OWN_PATIENCE_MS = 500;
/** Above every process id. */
const FIRST_ID = 2 ** 32;
const LAST_ID = 2 ** 48 - 1;

/** The data directory, while it is this process's. */
export class Ownership {
  readonly #place: Place;
  readonly #claim: Claim;
  /**
   * What this process's note says: a number by chance, and the socket. The number was the process id once, which proves
   * nothing where processes are counted anew; daemons of earlier versions read the note as they read theirs.
   */
  readonly #text: string;
  /** The note as last seen to be ours; null where only its content can tell. */
  #identity: Identity | null = null;

  private constructor(place: Place, claim: Claim) {
    this.#place = place;
    this.#claim = claim;
    this.#text = `${randomInt(FIRST_ID, LAST_ID)} ${place.socket}\n`;
  }

  /**
   * Notes that this process serves the data directory. To be called by whoever has its socket.
   *
   * @throws {ClaimError} when a daemon with another socket serves it, or hangs there
   */
  static async take(place: Place, claim: Claim): Promise<Ownership> {
    makeDirectory(place.runDir);
    const ownership = new Ownership(place, claim);
    return await insist(`serve ${place.dataDir}`, async () => {
      const noted = await locked(ownerNote(place.runDir), () => ownership.#noteUnlessServed());
      return noted ? ownership : null;
    });
  }

  /**
   * Why this process must not write any more; null while it may. A note that is gone is written again.
   *
   * @throws the system's error when that cannot be told
   */
  async lost(): Promise<string | null> {
    const [hasSocket, note] = await Promise.all([this.#claim.isOurs(), this.#look()]);
    if (!hasSocket) return 'the socket was replaced or removed';
    if (note === 'other') return 'another daemon serves the data directory';
    // Only while the socket is ours: one that was removed together with the note is to be given up.
    if (note === 'missing') await this.#note();
    return null;
  }

  /** Removes the note, if it is this process's. To be called before the socket is given up. */
  async release(): Promise<void> {
    // One that cannot be looked at stays: whoever starts next finds that nobody answers at its socket.
    const whose = await this.#look().catch(() => null);
    if (whose === 'ours') await rm(this.#file, { force: true });
  }

  get #file(): string {
    return ownerNote(this.#place.runDir);
  }

  /** False while the other daemon is just ending. */
  async #noteUnlessServed(): Promise<boolean> {
    const { dataDir, socket, runDir } = this.#place;
    await removeStaged(runDir, (name) => name === basename(this.#file));
    const other = await notedSocket(this.#place);
    // Our own socket answers nobody before this daemon has started.
    const isOwn = other === null || (await this.#claim.leadsHere(other));
    if (other !== null && isOwn !== true) {
      const patience = isOwn === null && other === socket ? { deadline: OWN_PATIENCE_MS } : {};
      const found = await probe(other, { method: 'daemon.status', ...patience }).catch(() => null);
      if (found?.kind === 'closing') return false;
      if (found?.kind === 'hung' && isOwn === false) throw new ClaimError(hungMessage(other));
      // Its socket may be another directory's by now.
      if (found?.kind === 'alive' && (await isSame(found.dataDir, dataDir))) {
        const who = isDaemonOf(found.pid, other) ? `process ${found.pid}` : 'another daemon';
        throw new ClaimError(
          `cannot serve ${dataDir} on ${socket}: ${who} serves it on ${other}; use that socket (CODEBASE_GARDENER_SOCKET), or end it with: gardener --socket ${other} daemon stop`,
        );
      }
    }
    // A directory of that name stays, and says nothing.
    if (!(await this.#note())) await rm(this.#file, { force: true }).catch(() => undefined);
    return true;
  }

  /**
   * Writes the note, in one step: nobody reads half of it. False when that is not possible. A full disk is no reason not
   * to serve; better no note than somebody else's.
   */
  async #note(): Promise<boolean> {
    const staged = stagedName(this.#file);
    this.#identity = null;
    try {
      // Not the data directory: where that is gone, there is nothing to serve.
      await mkdir(this.#place.runDir, { mode: 0o700 }).catch((error: unknown) => {
        if (errorCode(error) !== 'EEXIST') throw error;
      });
      await writeFile(staged, this.#text, { flag: 'wx', mode: 0o600 });
      await rename(staged, this.#file);
      return true;
    } catch {
      await rm(staged, { force: true }).catch(() => undefined);
      return false;
    }
  }

  /** Whose note there is: by its status where that has not changed, by its content otherwise. */
  async #look(): Promise<'ours' | 'other' | 'missing'> {
    try {
      const now = Date.now();
      const identity = await identify(this.#file);
      if (identity === null) return 'missing';
      if (sameIdentity(identity, this.#identity)) return 'ours';
      const text = await readSmallFile(this.#file, MAX_NOTE);
      if (text === undefined) return 'missing';
      if (text !== this.#text) return 'other';
      this.#identity = telling(identity, now);
      return 'ours';
    } catch (error) {
      // What is no file says nothing of anybody.
      const isNoFile = error instanceof UnfitFile && error.cause === undefined;
      if (isNoFile || leadsNowhere(error)) return 'missing';
      throw error;
    }
  }
}

/** The socket of whoever is noted to serve the data directory; null when there is none. */
async function notedSocket(place: Place): Promise<string | null> {
  const text = (await readSmallFile(ownerNote(place.runDir), MAX_NOTE).catch(() => undefined)) ?? '';
  // A path may have line breaks in it.
  return /^\d+ (\/.*)\n$/s.exec(text)?.[1] ?? null;
}

async function isSame(a: string | undefined, b: string): Promise<boolean> {
  if (a === undefined) return false;
  const [left, right] = await Promise.all([a, b].map((path) => realpath(path).catch(() => path)));
  return left === right;
}
