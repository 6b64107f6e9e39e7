/**
 * Replacing a file so that a reader sees the old content or the new one, and a power cut leaves one of them.
 *
 * write-file-atomic puts the bytes beside the file. What it leaves out is done here: it accepts a short write, as on a
 * full disk, and it does not sync the directory. The bytes are synced here, too, before they take the file's place.
 */
import { closeSync, constants, fstatSync, fsync as fsyncCallback, openSync, renameSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import writeFileAtomic from 'write-file-atomic';
import { type Identity, telling } from '../../system/identity.ts';
import { stagedName } from '../../system/staged.ts';

const fsync = promisify(fsyncCallback);

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
    if (!placed) await rm(staged, { force: true }).catch(() => undefined);
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
