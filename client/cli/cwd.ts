/** The working directory, as the person wrote it and as the system has it. */
import { readlinkSync, type Stats, statSync } from 'node:fs';

/** The name of the working directory is no UTF-8: with U+FFFD in its place it would be another directory. */
export class DamagedNameError extends Error {
  override readonly name = 'DamagedNameError';

  constructor() {
    super('its name is no UTF-8');
  }
}

/**
 * The shell's `PWD` when it is true, because it keeps the links that the person came through; otherwise what the
 * system says.
 *
 * @throws the system's ENOENT when the directory is gone
 * @throws {DamagedNameError}
 */
export function workingDirectory(env: NodeJS.ProcessEnv): string {
  const real = process.cwd();
  const written = env['PWD'];
  if (!written?.startsWith('/') || written === real) return whole(real);
  const there = statusOf(written);
  // Not by its name, which may be another's.
  const here = statSync('.', { throwIfNoEntry: false });
  return whole(there && here && there.dev === here.dev && there.ino === here.ino ? written : real);
}

function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // Whoever may not look there goes by what the system says.
    return undefined;
  }
}

/** The same without the links that the person came through. */
export function realWorkingDirectory(): string {
  return whole(process.cwd());
}

/**
 * Where the working directory was that is gone, as when it was deleted and made again: the person still stands there.
 * Undefined where nobody knows, and where it is there.
 */
export function lostDirectory(env: NodeJS.ProcessEnv): string | undefined {
  if (isThere()) return undefined;
  const known = lostByProc() ?? (env['PWD']?.startsWith('/') ? env['PWD'] : undefined);
  return known?.includes('\uFFFD') ? undefined : known;
}

function isThere(): boolean {
  try {
    process.cwd();
    return true;
  } catch {
    // It is gone, or the system does not tell.
    return false;
  }
}

/** Node has U+FFFD for each byte that is no UTF-8; a name with this character itself cannot be told from it. */
function whole(path: string): string {
  if (path.includes('\uFFFD')) throw new DamagedNameError();
  return path;
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
