/** Directories in which nobody but the user may make, remove or replace anything. Client and daemon share this file. */
import { type Stats, statSync } from 'node:fs';
import { chmod, lstat, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectory } from '../system/make-directory.ts';
import { shellWord } from '../system/printable.ts';

/** Write permission for others than the owner. An access list shows there, too, as that of the group. */
const OTHERS_WRITE = 0o022;

/** The directory cannot be trusted; the message says what to do. */
export class UnsafeDirectoryError extends Error {
  override readonly name = 'UnsafeDirectoryError';
}

/** What is advised to root who works for somebody else. */
export const WITHOUT_SUDO = 'the same without sudo';

/**
 * Refuses a data directory to root where it is another user's, or would be made in what is: by `sudo -E` or with that
 * user's HOME. What root makes and replaces there is root's, and locks the user out.
 *
 * @throws {UnsafeDirectoryError}
 * @throws the system's error where it cannot be looked at
 */
export function refuseForRoot(directory: string): void {
  if (process.geteuid?.() !== 0) return;
  const [place, owner] = nearest(directory);
  requireRoots(directory, owner, place === directory ? 'it' : place, '--data-dir');
}

/** What is at a path, or else at the nearest directory above it, in which it would be made; whose that is, if anybody's. */
export function nearest(path: string): [place: string, owner: number | undefined] {
  const status = statSync(path, { throwIfNoEntry: false });
  return status || path === dirname(path) ? [path, status?.uid] : nearest(dirname(path));
}

/**
 * Refuses a path to root.
 *
 * @param what belongs to the owner: it, or a place on the way
 * @throws {UnsafeDirectoryError} when the owner is not root
 */
export function requireRoots(path: string, owner: number | undefined, what: string, elsewhere: string): void {
  if (owner === undefined || owner === 0) return;
  throw new UnsafeDirectoryError(
    `cannot use ${path} as root: ${what} belongs to user ${owner}, whom files of root would lock out; do ${WITHOUT_SUDO}, or choose another with ${elsewhere}`,
  );
}

/**
 * Refuses the data directory where others could put something in the way: whoever can make a link in it decides where
 * the daemon writes, and whoever can rename in it, what it reads. One that is not there yet is nobody's.
 *
 * What is below it (`backups/`, `logs/`, `projects/`) is tightened again where it is looser by now, see
 * {@link keepToUser}. A sticky directory is no exception: others can still make in it what is not there yet. Root is
 * refused more, see {@link refuseForRoot}.
 *
 * @throws {UnsafeDirectoryError} when it, or the directory that a link leads to, is somebody else's or others can
 *   write to it
 * @throws the system's error where it cannot be looked at
 */
export function checkDataDirectory(directory: string): void {
  refuseForRoot(directory);
  const status = statSync(directory, { throwIfNoEntry: false });
  // What is no directory is told by whoever looks for something in it.
  if (!status?.isDirectory()) return;
  requirePrivate(directory, status, 'the data');
}

/** What the log says of a directory that was kept to the user. */
export const MADE_PRIVATE = 'made a directory private: others could write to it';

/**
 * Makes one of the user's own directories below the data directory private again, where others can write to it: somebody
 * has changed the modes of all that is there at once, as `chmod -R` does. What others can only read stays as it is.
 *
 * @param purpose what it is for: "the logs"
 * @returns whether it had to be done; not for what is missing, or no directory, which whoever uses it finds out
 * @throws {UnsafeDirectoryError} when it is somebody else's, or stays as it is
 */
export async function keepToUser(directory: string, purpose: string): Promise<boolean> {
  const status = await stat(directory).catch(() => null);
  if (!status?.isDirectory()) return false;
  requirePrivate(directory, { uid: status.uid, mode: 0o700 }, purpose);
  if ((status.mode & OTHERS_WRITE) === 0) return false;
  // A file system without modes, such as that of a memory card, refuses it or takes no notice.
  await chmod(directory, 0o700).catch(() => undefined);
  requirePrivate(directory, await stat(directory), purpose);
  return true;
}

/**
 * Makes the directory of the socket, with mode 0700, where it is missing. Node cannot ask who is at the other end of a
 * Unix socket, so this directory is the gate: private to the user, or refused.
 *
 * @throws {UnsafeDirectoryError} when it is somebody else's, writable by others, or no directory
 */
export async function prepareRunDirectory(directory: string): Promise<void> {
  makeDirectory(directory);
  const status = await lstat(directory);
  if (!status.isDirectory()) {
    throw new UnsafeDirectoryError(`cannot use ${directory} for the socket: it is no directory; remove it`);
  }
  requirePrivate(directory, status, 'the socket', '--socket or --data-dir', 'chmod 700');
}

/**
 * @param elsewhere how to choose another one
 * @param remedy the command, without the path, that takes away what is too much
 * @throws {UnsafeDirectoryError} when a directory is somebody else's or others can write to it
 */
function requirePrivate(
  directory: string,
  { uid: owner, mode }: Pick<Stats, 'uid' | 'mode'>,
  purpose: string,
  elsewhere = '--data-dir',
  remedy = 'chmod go-w',
): void {
  const uid = process.getuid?.();
  if (uid !== undefined && owner !== uid) {
    const [as, first] = uid === 0 ? [' as root', `do ${WITHOUT_SUDO}, or `] : ['', ''];
    throw new UnsafeDirectoryError(
      `cannot use ${directory} for ${purpose}${as}: it belongs to user ${owner}; ${first}choose another with ${elsewhere}`,
    );
  }
  if ((mode & OTHERS_WRITE) !== 0) {
    throw new UnsafeDirectoryError(
      `cannot use ${directory} for ${purpose}: others can write to it; run: ${remedy} ${shellWord(directory)}`,
    );
  }
}
