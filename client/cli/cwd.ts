/** The working directory as the person wrote it. */
import { statSync } from 'node:fs';

/**
 * The shell's `PWD` when it is true, because it keeps the links that the person came through; otherwise what the
 * system says.
 *
 * @throws the system's ENOENT when the directory is gone
 */
export function workingDirectory(env: NodeJS.ProcessEnv): string {
  const real = process.cwd();
  const written = env['PWD'];
  if (!written?.startsWith('/') || written === real) return real;
  const there = statSync(written, { throwIfNoEntry: false });
  const here = statSync(real, { throwIfNoEntry: false });
  return there && here && there.dev === here.dev && there.ino === here.ino ? written : real;
}
