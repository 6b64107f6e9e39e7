/** The name under which a socket is bound before it takes its public one, and what a kill in between leaves. */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MAX_SOCKET_PATH_BYTES } from '../paths.ts';

/** Enough to tell the sockets of one directory apart, and the starts of one daemon. Hexadecimal digits. */
const MARK_DIGITS = 4;
const RANDOM_DIGITS = 8;

/** A new name in the directory of a socket: a full stop, a mark that belongs to the public name, and chance. */
export function privateName(socket: string): string {
  const directory = dirname(socket);
  const digits = randomBytes(RANDOM_DIGITS / 2).toString('hex');
  // Where there is little room for a path, there is as much as the public name takes, which is known to fit.
  const room = Math.max(basename(socket).length, MAX_SOCKET_PATH_BYTES - Buffer.byteLength(directory) - 1);
  return join(directory, `.${mark(socket)}${digits}`.slice(0, Math.max(2, room)));
}

/** Removes what daemons that were killed between binding and renaming left of this socket. Only under its lock. */
export async function removeLeftBehind(socket: string): Promise<void> {
  const directory = dirname(socket);
  const ours = new RegExp(`^\\.${mark(socket)}[0-9a-f]{${RANDOM_DIGITS}}$`);
  const left = (await readdir(directory)).filter((name) => ours.test(name));
  await Promise.all(left.map((name) => rm(join(directory, name), { force: true })));
}

function mark(socket: string): string {
  return createHash('sha256').update(basename(socket)).digest('hex').slice(0, MARK_DIGITS);
}
