/** Making a directory with those above it, and refusing a link in its place. */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, isMissing } from './errors.ts';

/** Everything, for the user alone. */
const USER = 0o700;

/**
 * Makes a directory of the user alone, whatever the umask is, and those above it that are missing; one that is there
 * stays as it is.
 *
 * Instead of Node's own recursive mkdir, which never returns where a directory can have no new entries and says so
 * with ENOENT, as in /proc: it goes up and down between the same two for ever. Unlike that one, this makes what is new
 * survive a power cut: a file in it that is synced is lost with a directory that nobody finds.
 *
 * @throws the system's error
 */
export function makeDirectory(path: string): void {
  const fault = attempt(path);
  if (!fault) return;
  if (!isMissing(fault) || dirname(path) === path) throw fault;
  makeDirectory(dirname(path));
  const again = attempt(path);
  if (again) throw again;
}

function attempt(path: string): Error | null {
  try {
    mkdirSync(path, { mode: USER });
  } catch (error) {
    // Also when somebody else has just made it.
    const status = statSync(path, { throwIfNoEntry: false });
    if (status?.isDirectory()) return null;
    return !status && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()
      ? new DanglingError(path)
      : (error as Error);
  }
  // A umask such as 0277 takes from a new directory what its user needs.
  const mode = statSync(path).mode & 0o7777;
  if ((mode & USER) !== USER) chmodSync(path, mode | USER);
  syncEntries(dirname(path));
  return null;
}

/** Makes the entries of a directory survive a power cut, where the user may open it at all. */
function syncEntries(directory: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(directory, 'r');
  } catch (error) {
    // A directory in which one may make others and not look around: /home on some machines.
    if (errorCode(error) === 'EACCES') return;
    throw error;
  }
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A link is where a directory belongs, and leads nowhere: "file already exists" would be no help. */
class DanglingError extends Error {
  override readonly name = 'DanglingError';
  /** None of the system's, which would be told by its own words. */
  readonly code = 'ELINKED';

  constructor(link: string) {
    super(`${link} is a link to ${readlinkSync(link)}, which is not there; make that, or remove the link`);
  }
}

/** A link is where a directory belongs, and what it leads to is somebody's. */
class LinkedError extends Error {
  override readonly name = 'LinkedError';
  /** None of the system's, which would be told by its own words. */
  readonly code = 'ELINKED';
}

/**
 * Refuses a link; what is not there is none.
 *
 * @throws {LinkedError}
 * @throws the system's error
 */
export function requireNoLink(directory: string): void {
  if (lstatSync(directory, { throwIfNoEntry: false })?.isSymbolicLink())
    throw new LinkedError(`${directory} is a link, and nothing is written or deleted through one; remove it`);
}
