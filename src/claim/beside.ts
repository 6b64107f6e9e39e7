/** What lies beside a socket and in `run/`: the names that a daemon gives, by which the doctor finds what a killed one left. */
import { join } from 'node:path';

/** The note of a process id is a number and a line feed. Bytes. */
export const MAX_PID_NOTE = 64;

/** Where a daemon writes its process id, for those who face one that no longer answers. */
export function pidFile(socket: string): string {
  return `${socket}.pid`;
}

/** A directory that is there while somebody takes a socket, or notes who serves the data directory. */
export function lockOf(path: string): string {
  return `${path}.lock`;
}

/** Who serves the data directory. */
export function ownerNote(runDir: string): string {
  return join(runDir, 'owner');
}

/** Under such a name a socket is bound before it takes its public one; see `private-name.ts`. */
export function isPrivateName(name: string): boolean {
  return /^\.[0-9a-f]{1,16}$/.test(name);
}
