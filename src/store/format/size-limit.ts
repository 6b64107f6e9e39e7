/** How large a registry file may be: beyond this nothing can read it, this program included. */
import { constants } from 'node:buffer';

/** The text of the file has to fit into one string. Bytes; 512 MiB less a few in all supported Nodes. */
const MAX_FILE_BYTES = constants.MAX_STRING_LENGTH;

/**
 * Refuses a file that could not be read back.
 *
 * @throws an error with `code` EFBIG
 */
export function refuseTooLarge(path: string, bytes: number): void {
  if (bytes <= MAX_FILE_BYTES) return;
  const message = `${path} has ${bytes} bytes, and a registry can have ${MAX_FILE_BYTES}`;
  throw Object.assign(new Error(message), { code: 'EFBIG' });
}
