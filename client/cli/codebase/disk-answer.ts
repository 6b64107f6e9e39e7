/** Whether a disk answers at all. */
import { spawn } from 'node:child_process';
import { LocalError } from '../errors.ts';
import { printable } from '../terminal/text.ts';

/** A disk that sleeps wakes up within that. Milliseconds. */
const PATIENCE_MS = 5_000;

/**
 * Refuses a path whose disk does not answer, as that of a server that is gone.
 *
 * Another program is asked to look: nothing can end whoever waits for such a disk, and a thread of this process that did
 * would keep it from ending, and the person's shell waiting.
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

/** Whether the disk of a path answers within five seconds, be it that there is nothing. */
export async function answers(path: string): Promise<boolean> {
  const program = spawn('ls', ['-d', '--', `${path}/.`], { cwd: '/', stdio: 'ignore' });
  let timer: NodeJS.Timeout | undefined;
  const answered = await new Promise<boolean>((resolve) => {
    // What it says is no matter; nor that it cannot be started.
    program.once('exit', () => resolve(true));
    program.once('error', () => resolve(true));
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
  });
  clearTimeout(timer);
  if (!answered) {
    program.unref();
    program.kill('SIGKILL');
  }
  return answered;
}
