/**
 * The directory of the socket. Node cannot ask who is at the other end of a Unix socket, so this directory is the
 * gate: private to the user, or refused.
 */
import { lstat } from 'node:fs/promises';
import { makeDirectory } from '../system/make-directory.ts';
import { requirePrivate, UnsafeDirectoryError } from './private-directory.ts';

/**
 * Makes a run directory with mode 0700 where it is missing.
 *
 * @throws {UnsafeDirectoryError} when it is somebody else's, writable by others, or no directory
 */
export async function prepareRunDirectory(directory: string): Promise<void> {
  makeDirectory(directory);
  const status = await lstat(directory);
  if (!status.isDirectory()) {
    throw new UnsafeDirectoryError(`cannot use ${directory} for the socket: it is no directory; remove it`);
  }
  requirePrivate(directory, status, {
    purpose: 'the socket',
    elsewhere: '--socket or --data-dir',
    remedy: 'chmod 700',
  });
}
