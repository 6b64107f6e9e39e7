/** Where root must not come to write although its data directory is its own: a link or a flag leads to another user's. */
import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Paths } from '../paths.ts';
import { nearest, requireRoots } from './private-directory.ts';

/** As many as the system follows. */
const MAX_LINKS = 40;

/**
 * Refuses to root what a daemon would write in another user's directory: the registry behind a link, its backups, what
 * can be taken back, the log, the note of who serves, the socket. A file that root puts in the place of another user's is root's, and locks that
 * user out.
 *
 * Not `projects/`: it may be on a disk that does not answer, for which a start must not wait.
 *
 * @throws {UnsafeDirectoryError}
 * @throws the system's error where it cannot be looked at
 */
export function refuseLinksForRoot(paths: Paths): void {
  const { registryFile, backupsDir, undoDir, logFile, runDir, socket } = paths;
  if (process.geteuid?.() !== 0) return;
  for (const path of [registryFile, backupsDir, undoDir, logFile, runDir]) refuse(path, '--data-dir');
  refuse(dirname(socket), '--socket or --data-dir');
}

function refuse(path: string, elsewhere: string): void {
  const target = whereItLeads(path);
  // A file is replaced in its directory, and renamed there.
  for (const [place, owner] of [nearest(target), nearest(dirname(target))]) {
    const what = place === path ? 'it' : place === target ? `${place}, where it leads,` : place;
    requireRoots(path, owner, what, elsewhere);
  }
}

/** The end of a chain of links, also where nothing is there yet; the path itself without any. */
function whereItLeads(path: string): string {
  let place = path;
  for (let links = 0; links < MAX_LINKS; links += 1) {
    if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return place;
    // Links on the way count as well: what is relative in the last one starts from where they lead.
    const directory = realpathSync(dirname(place));
    place = resolve(directory, readlinkSync(join(directory, basename(place))));
  }
  return place;
}
