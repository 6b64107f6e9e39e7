/** Refusing what is on a disk that does not answer. */
import { answers, PATIENCE_MS } from '../../codebase/disk-answer.ts';
import { LocalError } from '../errors.ts';
import { printable } from '../terminal/text.ts';

/**
 * Refuses a path whose disk does not answer, as that of a server that is gone.
 *
 * @param shown the path as the person knows it
 * @throws {LocalError} after five seconds; not for a path that is not there
 */
export async function requireAnswer(path: string, shown: string): Promise<void> {
  if (await answers(path)) return;
  throw new LocalError(
    `cannot look at ${printable(shown)}: its disk has not answered for ${PATIENCE_MS / 1000} s`,
    'again when it does; if its server is gone for good, unmount it',
  );
}
