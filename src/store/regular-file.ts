/** Reading a file of which only a regular file can be one, whole. */
import type { BigIntStats } from 'node:fs';
import { ifMissing } from '../system/errors.ts';
import { openPlainFile } from '../system/plain-file.ts';
import { refuseTooLarge } from './format/size-limit.ts';

/**
 * The bytes of a file and its status; null where there is none. Waits for no pipe and reads nothing that has no end.
 *
 * @param links whether it may be behind one; default it may
 * @throws an error with `code` EFTYPE or EISDIR for what is no regular file, EFBIG for one larger than a registry can be;
 *   the system's error otherwise
 */
export async function readRegularFile(
  path: string,
  links?: 'follow' | 'refuse',
): Promise<{ readonly bytes: Buffer; readonly status: BigIntStats } | null> {
  const opened = await openPlainFile(path, links).catch(ifMissing(null));
  if (!opened) return null;
  const { handle, status } = opened;
  try {
    refuseTooLarge(path, Number(status.size));
    return { bytes: await handle.readFile(), status };
  } finally {
    await handle.close();
  }
}
