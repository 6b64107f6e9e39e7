/**
 * Opening what is a plain file and nothing else. A name may lead to anything: to a pipe, whose writer waits for a reader;
 * to a watchdog, which restarts the machine once it was opened; to a tape, which winds back.
 */
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, stat } from 'node:fs/promises';
import { systemCode } from './errors.ts';

/** There is something, and it is no plain file. */
export class NotPlainError extends Error {
  override readonly name = 'NotPlainError';
  readonly code: 'EISDIR' | 'EFTYPE';

  constructor(path: string, isDirectory: boolean) {
    super(`${path} is no regular file`);
    this.code = isDirectory ? 'EISDIR' : 'EFTYPE';
  }
}

/** What a socket, or a device that is not there, is opened with. */
const NOT_PLAIN: ReadonlySet<string> = new Set(['ENXIO', 'ENODEV', 'EOPNOTSUPP']);
const WARILY = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Opens a file for reading, after a look at what it is. Should something else take its place just then, it is opened
 * without waiting for it, and closed again.
 *
 * @param links whether the file may be behind one; default it may
 * @returns the file, to be closed, and its status
 * @throws {NotPlainError}
 * @throws the system's errors
 */
export async function openPlainFile(
  path: string,
  links: 'follow' | 'refuse' = 'follow',
): Promise<{ handle: FileHandle; status: BigIntStats }> {
  const follows = links === 'follow';
  const before = await (follows ? stat(path) : lstat(path));
  if (!before.isFile()) throw new NotPlainError(path, before.isDirectory());
  let handle: FileHandle;
  try {
    handle = await open(path, follows ? WARILY : WARILY | constants.O_NOFOLLOW);
  } catch (error) {
    throw NOT_PLAIN.has(systemCode(error) ?? '') ? new NotPlainError(path, false) : error;
  }
  try {
    const status = await handle.stat({ bigint: true });
    if (!status.isFile()) throw new NotPlainError(path, status.isDirectory());
    return { handle, status };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
