/** Reading a file that somebody else's directory has under a name that is known: it may be anything. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** There is something of that name, and it is not read. The message says why, in words that follow "it". */
export class UnfitFile extends Error {
  override readonly name = 'UnfitFile';
}

/**
 * The text of a plain file, also behind a link; never waits for a pipe, and never takes what has no end.
 *
 * @param maxBytes a longer file is unfit
 * @returns undefined where there is none
 * @throws {UnfitFile} also for what may not be read
 */
export async function readSmallFile(path: string, maxBytes: number): Promise<string | undefined> {
  let handle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    // What a socket, or a device that is not there, is opened with.
    if (code === 'ENXIO' || code === 'ENODEV' || code === 'EOPNOTSUPP')
      throw new UnfitFile('is no plain file');
    throw new UnfitFile('cannot be read', { cause: error });
  }
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw new UnfitFile('is no plain file');
    // Not by its size, which files such as those of /proc do not know.
    const bytes = Buffer.allocUnsafe(Math.min(maxBytes, status.size || maxBytes) + 1);
    let length = 0;
    for (let read = 1; read > 0 && length < bytes.length; length += read) {
      ({ bytesRead: read } = await handle.read(bytes, length, bytes.length - length, null));
    }
    if (length > maxBytes) throw new UnfitFile(`is longer than ${maxBytes / 1024} KiB`);
    return bytes.toString('utf8', 0, length);
  } catch (error) {
    if (error instanceof UnfitFile) throw error;
    throw new UnfitFile('cannot be read', { cause: error });
  } finally {
    await handle.close();
  }
}
