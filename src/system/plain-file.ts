/**
 * Opening what is a plain file and nothing else. A name may lead to anything: to a pipe, whose writer waits for a reader;
 * to a watchdog, which restarts the machine once it was opened; to a tape, which winds back.
 */
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { systemCode } from './errors.ts';

/** There is something, and it is no plain file. */
export class NotPlainError extends Error {
  override readonly name = 'NotPlainError';
  readonly isDirectory: boolean;

  constructor(path: string, isDirectory: boolean) {
    super(`${path} is no plain file`);
    this.isDirectory = isDirectory;
  }
}

/** What a socket, or a device that is not there, is opened with. */
const NOT_PLAIN: ReadonlySet<string> = new Set(['ENXIO', 'ENODEV', 'EOPNOTSUPP']);

/**
 * Opens a file for reading, also behind a link, after a look at what it is. Should something else take its place just
 * then, it is opened without waiting for it, and closed again.
 *
 * @returns the file, to be closed, and its status
 * @throws {NotPlainError}
 * @throws the system's errors
 */
export async function openPlainFile(path: string): Promise<{ handle: FileHandle; status: BigIntStats }> {
  const before = await stat(path);
  if (!before.isFile()) throw new NotPlainError(path, before.isDirectory());
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
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
