/** Reading a file of which only a regular file can be one, whole. */
import { constants } from 'node:buffer';
import type { BigIntStats } from 'node:fs';
import { ifMissing } from '../system/errors.ts';
import { openPlainFile } from '../system/plain-file.ts';

/** The text of the file has to fit into one string. Bytes; 512 MiB less a few in all supported Nodes. */
const MAX_FILE_BYTES = constants.MAX_STRING_LENGTH;

/**
 * Refuses a file that nothing could read back, this program included.
 *
 * @throws an error with `code` EFBIG
 */
export function refuseTooLarge(path: string, bytes: number): void {
  if (bytes <= MAX_FILE_BYTES) return;
  const message = `${path} has ${bytes} bytes, and a registry can have ${MAX_FILE_BYTES}`;
  throw Object.assign(new Error(message), { code: 'EFBIG' });
}

/**
 * The bytes of a file and its status; null where there is none. Waits for no pipe and reads nothing that has no end.
 *
 * @param links whether it may be behind one; default it may
 * @param takes whether to read it, by its status; null is given for one that is not wanted. Default any
 * @throws an error with `code` EFTYPE or EISDIR for what is no regular file, EFBIG for one larger than a registry can be;
 *   the system's error otherwise
 */
export async function readRegularFile(
  path: string,
  links?: 'follow' | 'refuse',
  takes: (status: BigIntStats) => boolean = () => true,
): Promise<{ readonly bytes: Buffer; readonly status: BigIntStats } | null> {
  const opened = await openPlainFile(path, links).catch(ifMissing(null));
  if (!opened) return null;
  const { handle, status } = opened;
  try {
    if (!takes(status)) return null;
    refuseTooLarge(path, Number(status.size));
    return { bytes: await handle.readFile(), status };
  } finally {
    await handle.close();
  }
}
