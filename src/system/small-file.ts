/** Reading a file that somebody else's directory has under a name that is known: it may be anything. */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { NotPlainError, openPlainFile } from './plain-file.ts';
import { isNowhere } from './errors.ts';

/** There is something of that name, and it is not read. The message says why, in words that follow "it". */
export class UnfitFile extends Error {
  override readonly name = 'UnfitFile';
}

/**
 * The text of a plain file, also behind a link; never opens anything else, and never takes what has no end.
 *
 * @param maxBytes a longer file is unfit
 * @param encoding `latin1` for what is no text: a character a byte
 * @param links whether the file may be behind one; default it may
 * @returns undefined where there is none
 * @throws {UnfitFile} also for what may not be read
 */
export async function readSmallFile(
  path: string,
  maxBytes: number,
  encoding: 'utf8' | 'latin1' = 'utf8',
  links: 'follow' | 'refuse' = 'follow',
): Promise<string | undefined> {
  try {
    const { handle, status } = await openPlainFile(path, links);
    try {
      // Not by its size, which files such as those of /proc do not know.
      const bytes = Buffer.allocUnsafe(Math.min(maxBytes, Number(status.size) || maxBytes) + 1);
      let length = 0;
      for (let read = 1; read > 0 && length < bytes.length; length += read) {
        ({ bytesRead: read } = await handle.read(bytes, length, bytes.length - length, null));
      }
      if (length > maxBytes) throw new UnfitFile(`is longer than ${maxBytes / 1024} KiB`);
      return bytes.toString(encoding, 0, length);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isNowhere(error)) return undefined;
    if (error instanceof NotPlainError) throw new UnfitFile('is no plain file');
    throw error instanceof UnfitFile ? error : new UnfitFile('cannot be read', { cause: error });
  }
}

/**
 * The bytes of a plain file at once; undefined for whatever else there is, or is not: for a note that can be done
 * without.
 *
 * @param maxBytes a longer file counts for none
 */
export function readNote(path: string, maxBytes: number): Buffer | undefined {
  let descriptor: number | undefined;
  try {
    if (!statSync(path).isFile()) return undefined;
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const status = fstatSync(descriptor);
    if (!status.isFile() || status.size > maxBytes) return undefined;
    const bytes = Buffer.alloc(status.size);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
