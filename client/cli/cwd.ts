/** The working directory, as the person wrote it and as the system has it. */
import { readlinkSync, statSync } from 'node:fs';

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

/**
 * Where the working directory was that is gone, as when it was deleted and made again: the person still stands there.
 * Undefined where nobody knows.
 */
export function lostDirectory(env: NodeJS.ProcessEnv): string | undefined {
  return lostByProc() ?? (env['PWD']?.startsWith('/') ? env['PWD'] : undefined);
}

/** As Linux tells it: `PWD` may be another program's. */
function lostByProc(): string | undefined {
  try {
    return /^(\/.*) \(deleted\)$/s.exec(readlinkSync('/proc/self/cwd'))?.[1];
  } catch {
    // There is no /proc.
    return undefined;
  }
}
