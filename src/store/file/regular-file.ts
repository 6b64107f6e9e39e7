/** Reading a file of a known name, of which only a regular file can be one. */
import { constants, open } from 'node:fs/promises';
import { errorCode, isMissing } from '../../system/errors.ts';
import { refuseTooLarge } from '../format/size-limit.ts';

/**
 * The bytes of a file; null where there is none. Waits for no pipe, follows no link and reads nothing that has no end.
 *
 * @throws an error with `code` EFTYPE for what is no regular file, EFBIG for one larger than a registry can be; the
 *   system's error otherwise
 */
export async function readRegularFile(path: string): Promise<Buffer | null> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      const status = await handle.stat();
      if (!status.isFile()) throw notRegular(path);
      refuseTooLarge(path, status.size);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isMissing(error)) return null;
    // A link, and a socket or a device that is not there.
    if (['ELOOP', 'EMLINK', 'ENXIO', 'EOPNOTSUPP', 'ENODEV'].includes(errorCode(error) ?? ''))
      throw notRegular(path);
    throw error;
  }
}

function notRegular(path: string): Error {
  return Object.assign(new Error(`${path} is no regular file`), { code: 'EFTYPE' });
}
