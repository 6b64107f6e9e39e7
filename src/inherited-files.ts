/** Descriptors that a daemon has from whoever started it: a lock of a script, a pipe that somebody reads to its end. */
import { closeSync, readdirSync, readFileSync } from 'node:fs';

/** O_CLOEXEC as Linux shows it; whatever Node opens has it, and what came through an exec has not. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Closes what was inherited beside the three standard streams. Only Linux tells which that is; elsewhere nothing is
 * closed, as it may be Node's own.
 */
export function closeInheritedFiles(): void {
  if (process.platform !== 'linux') return;
  for (const name of entriesOf('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor > 2 && isInherited(descriptor)) closeSync(descriptor);
  }
}

function isInherited(descriptor: number): boolean {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
    const [, flags] = /^flags:\s*(\d+)$/m.exec(info) ?? [];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    // The one by which the names were read is closed by now.
    return false;
  }
}

/** Nothing where /proc is not mounted, as in some containers. */
function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
