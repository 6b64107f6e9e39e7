/** What shows whether a socket, or the daemon behind it, is of this machine: it may be the end of a tunnel. */
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pidFile } from '../../src/claim/beside.ts';
import { notedPid } from '../../src/claim/killed-process.ts';
import { isDaemonOf } from '../../src/claim/process-ids.ts';
import type { Paths } from '../../src/paths.ts';

/**
 * Whether there is a socket that no daemon has left, which notes itself beside its own: the end of a tunnel, perhaps.
 * What is in the place where daemons have theirs is taken for one of theirs.
 */
export function isSomebodysEnd({ runDir, socket }: Paths): boolean {
  return dirname(socket) !== runDir && existsSync(socket) && !existsSync(pidFile(socket));
}

/**
 * Whether a daemon has left its traces here: its process id beside its own socket, also out of a container that shares
 * the directory; or, where a full disk took no note, its process. True where it does not tell enough.
 *
 * @param told what it says of itself
 */
export function isSeen({ pid, socket }: { readonly pid?: number; readonly socket?: string }): boolean {
  if (pid === undefined || socket === undefined) return true;
  return notedPid(socket) === pid || isDaemonOf(pid, socket);
}

export async function isSameDirectory(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([a, b].map(realPlace));
  return left === right;
}

/** A path without links; as it is where that cannot be told. */
export async function realPlace(path: string): Promise<string> {
  return await realpath(path).catch(() => path);
}
