/** Whether a disk answers at all. */

/** A disk that sleeps wakes up within that. Milliseconds. */
export const PATIENCE_MS = 5_000;

/**
 * Whether the disk of a path answers within five seconds, be it that there is nothing.
 *
 * Another program is asked to look: nothing can end whoever waits for such a disk, and a thread of this process that did
 * would keep it from ending, and the person's shell waiting.
 */
export async function answers(path: string): Promise<boolean> {
  // Loaded only here: few of those who load the library need it.
  const { spawn } = process.getBuiltinModule('node:child_process');
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
