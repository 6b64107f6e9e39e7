/** Opening a file of lines that has a known name. Client and daemon share this file. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from './errors.ts';
import { makeDirectory } from './make-directory.ts';

const APPENDING = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
/** What has the name may have been put there: no link is followed, and no reader of a pipe waited for. */
const WARILY = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** What the system says of a link: the one everywhere, the other FreeBSD. */
const LINK: ReadonlySet<unknown> = new Set(['ELOOP', 'EMLINK']);
/** And of a pipe that nobody reads, a socket, and a device that is not there. */
const OTHER: ReadonlySet<unknown> = new Set(['ENXIO', 'EOPNOTSUPP', 'ENODEV']);

/**
 * Opens a file to add lines to it, and makes it, for the user alone, where it is missing; its directory, too.
 *
 * @returns the descriptor
 * @throws {Error} for what is no regular file, with what to do; the system's error otherwise
 */
export function openForLines(path: string): number {
  makeDirectory(dirname(path));
  let descriptor: number;
  try {
    descriptor = openSync(path, APPENDING | WARILY, 0o600);
  } catch (error) {
    const code = errorCode(error);
    if (LINK.has(code)) throw unfit(path, 'is a link, and no log is written through one', error);
    if (OTHER.has(code)) throw unfit(path, 'is no regular file', error);
    throw error;
  }
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw unfit(path, 'is no regular file');
}

function unfit(path: string, what: string, cause?: unknown): Error {
  return new Error(`${path} ${what}; move it away`, { cause });
}
