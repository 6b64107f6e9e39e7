/**
 * The directory of the socket. Node cannot ask who is at the other end of a Unix socket, so this directory is the
 * gate: private to the user, or refused.
 */
import { lstat } from 'node:fs/promises';
import { makeDirectory } from '../make-directory.ts';

/** The directory cannot be the gate; the message says what to do. */
export class UnsafeDirectoryError extends Error {
  override readonly name = 'UnsafeDirectoryError';
}

/**
 * Makes a run directory with mode 0700 where it is missing.
 *
 * @throws {UnsafeDirectoryError} when it is somebody else's, writable by others, or no directory
 */
export async function prepareRunDirectory(directory: string): Promise<void> {
  makeDirectory(directory);
  const status = await lstat(directory);
  const uid = process.getuid?.();
  if (!status.isDirectory()) {
    throw new UnsafeDirectoryError(`cannot use ${directory} for the socket: it is no directory; remove it`);
  }
  if (uid !== undefined && status.uid !== uid) {
    throw new UnsafeDirectoryError(
      `cannot use ${directory} for the socket: it belongs to user ${status.uid}; choose another with --socket or --data-dir`,
    );
  }
  if ((status.mode & 0o022) !== 0) {
    throw new UnsafeDirectoryError(
      `cannot use ${directory} for the socket: others can write to it; run: chmod 700 ${directory}`,
    );
  }
}
