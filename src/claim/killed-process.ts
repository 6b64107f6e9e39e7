/** A daemon that is dead and cannot go away, because a disk never answers one of its threads. */
import { readdirSync, readFileSync } from 'node:fs';
import { MAX_PID_NOTE, pidFile } from './beside.ts';
import { readNote } from '../system/small-file.ts';

/** SIGKILL in the masks of `/proc/<pid>/status`, hexadecimal digits of 64 bits. */
const KILL_BIT = 1n << 8n;

/** How long a daemon may leave a greeting unanswered before one looks whether it is dead. Milliseconds. */
export const LIVELY_MS = 500;

/** The process that noted itself beside a socket; undefined without a note. Whatever else has its name is left alone. */
export function notedPid(socket: string): number | undefined {
  const pid = Number.parseInt(readNote(pidFile(socket), MAX_PID_NOTE)?.toString() ?? '', 10);
  return pid > 0 ? pid : undefined;
}

/**
 * Whether the process that noted itself beside a socket has been killed and can only not end: what it has open, the
 * listening socket too, stays open for as long as the disk that it waits for does not answer. It will do nothing more.
 *
 * Known on Linux only; false elsewhere.
 */
export function isHeldByKilled(socket: string): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const pid = notedPid(socket);
    if (pid === undefined) return false;
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    // Its first thread has ended, and others have not; without any, the system would have closed the socket.
    if (/^State:\s+[ZX]/m.test(status)) return readdirSync(`/proc/${pid}/task`).length > 1;
    const [, pending = '0'] = /^SigPnd:\s+([0-9a-f]+)$/m.exec(status) ?? [];
    return (BigInt(`0x${pending}`) & KILL_BIT) !== 0n;
  } catch {
    // No note, or no such process: then somebody else holds the socket.
    return false;
  }
}
