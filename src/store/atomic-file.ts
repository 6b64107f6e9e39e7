/**
 * Replacing a file so that a reader sees the old content or the new one, and a power cut leaves one of them.
 *
 * write-file-atomic puts the bytes beside the file. What it leaves out is done here: it accepts a short write, as on a
 * full disk, and it does not sync the directory. The bytes are synced here, too, before they take the file's place.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsync as fsyncCallback,
  openSync,
  renameSync,
  statSync,
} from 'node:fs';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import writeFileAtomic from 'write-file-atomic';

const fsync = promisify(fsyncCallback);

/** The longest tick of a clock that gives fractions of a second: Linux has 1 to 10 ms. Milliseconds. */
const TICK_MS = 20;
/** The longest tick of a clock that gives whole seconds: FAT has two. Milliseconds. */
const COARSEST_TICK_MS = 2_000;

/** Enough of a file's status to tell whether it is still the same content; the content decides in doubt. */
export interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** The identity of the file at a path; null when there is none. */
export async function identify(path: string): Promise<Identity | null> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** The same at once, for a look that must not be a moment old. */
export function identifyNow(path: string): Identity | null {
  return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
}

export function sameIdentity(a: Identity | null, b: Identity | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.dev === b.dev &&
    a.ino === b.ino &&
    a.size === b.size &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs
  );
}

/**
 * An identity that changes with the content; null when the content may change without it.
 *
 * Clocks of file systems tick: an edit in place within the tick of the last one, and of the same size, leaves the same
 * status. Git calls such a file racily clean, and looks at the content, too. Linux writes finer times on its common
 * file systems from 6.13 on.
 *
 * @param now when the content was known to be this, in milliseconds
 */
export function telling(identity: Identity, now: number): Identity | null {
  // An edit sets both times to its own: a file whose times differ cannot be edited into the same status.
  if (identity.mtimeNs !== identity.ctimeNs) return identity;
  const tick = identity.mtimeNs % 1_000_000_000n === 0n ? COARSEST_TICK_MS : TICK_MS;
  return now - Number(identity.mtimeNs / 1_000_000n) < tick ? null : identity;
}

/**
 * Up to this length a file is written without a thread: the system takes it into its memory at once, and only the
 * sync, which has a thread, waits for the disk. The dozen turns that write-file-atomic takes otherwise, from this
 * thread to another and back, are three quarters of the time of a small change. Bytes.
 */
const AT_ONCE_BYTES = 1024 * 1024;

/** Content that is on the disk under another name, ready to take the file's place. */
export interface Staged {
  /**
   * Puts the content in the file's place.
   *
   * Waits for nothing, so that nothing comes between a look at the file and this.
   *
   * @returns the identity of the file as placed; null when somebody has already written into it, or when it does not
   *   tell enough
   */
  place(): Identity | null;
  /** Removes the staged file; to be called in any case, also after {@link Staged.place}. Never throws. */
  discard(): Promise<void>;
}

/** Enough that nobody guesses the next name, nor takes the same one. */
const RANDOM_BYTES = 6;

/**
 * What staged files are called, the temporary ones with which write-file-atomic makes them, and both as earlier
 * versions called them: without a part by chance.
 */
const STAGED = new RegExp(`^(.+?)(?:\\.[0-9a-f]{${2 * RANDOM_BYTES}})?\\.staged(?:\\.\\d+)?$`);

/**
 * A new name under which content waits to become `file`. It is nobody else's: two processes that staged under one name
 * would each rename the other's bytes, and a link of a name that is known beforehand would be followed.
 */
export function stagedName(file: string): string {
  return `${file}.${randomBytes(RANDOM_BYTES).toString('hex')}.staged`;
}

/**
 * Writes and syncs content beside a file, without touching the file.
 *
 * @throws system errors; when the content is not whole on the disk all the same, with `code` EIO
 */
export async function stage(file: string, bytes: Buffer): Promise<Staged> {
  const staged = stagedName(file);
  const options = { mode: 0o600, fsync: false };
  if (bytes.length <= AT_ONCE_BYTES) writeFileAtomic.sync(staged, bytes, options);
  else await writeFileAtomic(staged, bytes, options);
  let descriptor: number | null = null;
  let placed = false;
  const discard = async (): Promise<void> => {
    // Nothing depends on either: what stays behind is closed at exit, or removed at the next start.
    if (descriptor !== null) closeQuietly(descriptor);
    descriptor = null;
    if (!placed) await rm(staged, { force: true }).catch(ignore);
  };
  try {
    const fd = (descriptor = openSync(staged, constants.O_RDONLY | constants.O_NOFOLLOW));
    await fsync(fd);
    let written = fstatSync(fd, { bigint: true });
    if (written.size < BigInt(bytes.length)) {
      await append(staged, bytes.subarray(Number(written.size)));
      written = fstatSync(fd, { bigint: true });
    }
    if (written.size !== BigInt(bytes.length)) {
      const message = `wrote ${written.size} of ${bytes.length} bytes`;
      throw Object.assign(new Error(message), { code: 'EIO' });
    }
    return {
      discard,
      place() {
        const now = Date.now();
        renameSync(staged, file);
        placed = true;
        // Through the descriptor: a stat of the path may already be an outsider's file. The rename moved ctime only.
        const identity = identifyOpen(fd);
        const untouched = identity?.size === written.size && identity.mtimeNs === written.mtimeNs;
        return identity && untouched ? telling(identity, now) : null;
      },
    };
  } catch (error) {
    await discard();
    throw error;
  }
}

/**
 * Writes and syncs the rest of what was cut short, which is no error by itself: the system says why only when asked for
 * more. The disk is full, or the file longer than this process or this user may make it.
 */
async function append(file: string, rest: Buffer): Promise<void> {
  const handle = await open(file, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
  try {
    await handle.writeFile(rest);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The file is in place whether its status can be asked for or not; without one the content decides at the next look. */
function identifyOpen(descriptor: number): Identity | null {
  try {
    return fstatSync(descriptor, { bigint: true });
  } catch {
    return null;
  }
}

/** The system lets go of a descriptor whether it answers with an error or not; what was written is synced by then. */
function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // The content counts, and that is where it is.
  }
}

/** Makes renames and removals in a directory survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  const descriptor = openSync(directory, 'r');
  try {
    await fsync(descriptor);
  } finally {
    closeQuietly(descriptor);
  }
}

/** Replaces a file durably, for contents that nobody else writes. */
export async function replaceFile(file: string, bytes: Buffer): Promise<void> {
  const staged = await stage(file, bytes);
  try {
    staged.place();
  } finally {
    await staged.discard();
  }
  await syncDirectory(dirname(file));
}

/**
 * Removes what a killed process left of staging a file: the staged file and write-file-atomic's temporary ones.
 *
 * @param failed told of what cannot be removed, such as a directory of that name; the content of it stays
 * @returns the names of what was removed
 */
export async function removeStaged(
  directory: string,
  isTarget: (name: string) => boolean,
  failed: (error: unknown) => void,
): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(directory)) {
    const target = STAGED.exec(name)?.[1];
    if (target === undefined || !isTarget(target)) continue;
    try {
      await rm(join(directory, name), { force: true });
      removed.push(name);
    } catch (error) {
      failed(error);
    }
  }
  return removed;
}

function ignore(): undefined {
  return undefined;
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}
