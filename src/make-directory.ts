/** Making a directory with those above it. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a directory of the user alone, and those above it that are missing; one that is there stays as it is.
 *
 * Instead of Node's own recursive mkdir, which never returns where a directory can have no new entries and says so
 * with ENOENT, as in /proc: it goes up and down between the same two for ever.
 *
 * @throws the system's error
 */
export function makeDirectory(path: string): void {
  const fault = attempt(path);
  if (!fault) return;
  if (!('code' in fault && fault.code === 'ENOENT') || dirname(path) === path) throw fault;
  makeDirectory(dirname(path));
  const again = attempt(path);
  if (again) throw again;
}

function attempt(path: string): Error | null {
  try {
    mkdirSync(path, { mode: 0o700 });
    return null;
  } catch (error) {
    // Also when somebody else has just made it.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return null;
    return error as Error;
  }
}
