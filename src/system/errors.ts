/** What the system's errors mean in words, and what a person can do about each. One table for both sides of the socket. */

import { constants } from 'node:os';
import { isNativeError } from 'node:util/types';

interface Meaning {
  /** Goes after a colon: `permission denied`. */
  readonly reason: string;
  /** What to do next; goes after "try: ". */
  readonly remedy: string;
}

const UNMOUNTED = 'see whether the disk is connected and mounted';
const IN_THE_WAY = 'move what is in the way';

/** A file that is larger than this program takes, which has no number of the system's: no limit of the shell is met. */
const TOO_LARGE: Meaning = { reason: 'the file is too large', remedy: 'make it smaller' };

const MEANINGS: Readonly<Record<string, Meaning>> = {
  EACCES: { reason: 'permission denied', remedy: 'mend the permissions: gardener doctor says which' },
  EPERM: {
    reason: 'not permitted',
    remedy: 'see whether the file is immutable (lsattr, ls -lO), or in a folder that the system protects',
  },
  EROFS: { reason: 'the disk can only be read', remedy: 'mount it so that it can be written' },
  ENOENT: { reason: 'there is no such file', remedy: 'see whether the directory is still there' },
  ENOTDIR: { reason: 'a part of the path is no directory', remedy: IN_THE_WAY },
  EISDIR: { reason: 'it is a directory', remedy: IN_THE_WAY },
  EEXIST: { reason: 'something of that name is there', remedy: IN_THE_WAY },
  ENOTEMPTY: { reason: 'a directory of that name is there', remedy: IN_THE_WAY },
  // What macOS calls a file of the wrong type; no call that is made here gives it by itself.
  EFTYPE: { reason: 'it is no regular file', remedy: IN_THE_WAY },
  ENXIO: { reason: 'it is no regular file', remedy: IN_THE_WAY },
  ELOOP: { reason: 'the links go round in a circle', remedy: 'make the link lead to a file' },
  ENAMETOOLONG: { reason: 'the path is too long', remedy: 'a shorter path' },
  ENOSPC: { reason: 'the disk is full', remedy: 'make room on the disk' },
  EDQUOT: { reason: 'no more may be stored by this user', remedy: 'make room, or get a larger quota' },
  EFBIG: { reason: 'the file is too large', remedy: 'make it smaller, or raise the limit: ulimit -f' },
  EMFILE: {
    reason: 'the process has as many files open as it may',
    remedy: 'close programs that use the registry, or raise the limit: ulimit -n',
  },
  ENFILE: { reason: 'the system has as many files open as it can', remedy: 'close other programs' },
  ENOMEM: { reason: 'there is not enough memory', remedy: 'close other programs' },
  EBUSY: {
    reason: 'it is in use by the system',
    remedy: 'see what holds it; a file that is mounted by itself cannot be replaced: mount its directory',
  },
  ETXTBSY: { reason: 'it is in use', remedy: 'see what holds it' },
  EIO: { reason: 'the disk reports an error', remedy: 'check the disk, and copy what is on it' },
  EINVAL: { reason: 'the file system cannot do this', remedy: 'a data directory on another file system' },
  ENOTSUP: { reason: 'the file system cannot do this', remedy: 'a data directory on another file system' },
  EOPNOTSUPP: { reason: 'the file system cannot do this', remedy: 'a data directory on another file system' },
  EXDEV: { reason: 'it is on another disk', remedy: 'move it by hand' },
  ENODEV: { reason: 'the disk is not there', remedy: UNMOUNTED },
  ENOTCONN: { reason: 'the disk is not connected', remedy: UNMOUNTED },
  ESTALE: { reason: 'the server of the disk no longer knows it', remedy: UNMOUNTED },
  ETIMEDOUT: { reason: 'the disk does not answer', remedy: UNMOUNTED },
  EHOSTDOWN: { reason: 'the server of the disk does not answer', remedy: UNMOUNTED },
};

/** The text of a system error without what Node puts around it: `permission denied`; of another error its message. */
export function systemReason(error: unknown): string {
  return meaningOf(error)?.reason ?? (isError(error) ? error.message : String(error));
}

/** What a person can do about a system error; null where nothing particular is known. */
export function systemRemedy(error: unknown): string | null {
  return meaningOf(error)?.remedy ?? null;
}

/** What the system calls its error: `ENOSPC`; null for an error that is not the system's. */
export function systemCode(error: unknown): string | null {
  const code = errorCode(error) ?? null;
  if (!code?.startsWith('Unknown system error') || !(isError(error) && 'errno' in error)) return code;
  // Node has no name for those of network file systems and of quotas, among others.
  const known = Object.entries(constants.errno).find(([, number]) => number === -Number(error.errno));
  return known?.[0] ?? code;
}

function meaningOf(error: unknown): Meaning | undefined {
  const code = systemCode(error);
  if (code === 'EFBIG' && !('errno' in (error as Error))) return TOO_LARGE;
  return code !== null && Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined;
}

/** Also of another realm, as Node's own are where tests run in one: Jest's do. */
function isError(error: unknown): error is Error {
  return error instanceof Error || isNativeError(error);
}

/** The code of an error as Node has it: `ENOENT`, also of errors that are not the system's; undefined where it has none. */
export function errorCode(error: unknown): string | undefined {
  return isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}

/** For `catch`: gives this in the place of what is missing. */
export function ifMissing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (isMissing(error)) return instead;
    throw error;
  };
}

/** What the system says of a link that leads nowhere, such as to a disk that is not mounted, or of nothing at all. */
export function leadsNowhere(error: unknown): boolean {
  return isNowhere(error) || errorCode(error) === 'ELOOP';
}

/** Nothing is there, nor perhaps a directory in which it could be. */
export function isNowhere(error: unknown): boolean {
  return isMissing(error) || errorCode(error) === 'ENOTDIR';
}
