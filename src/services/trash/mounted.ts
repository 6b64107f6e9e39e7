/** Disks that are mounted in what is to be deleted: what is on them is not the registry's. */
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { mountPoints } from '../../system/mount-table.ts';
import { isWithin } from '../directories.ts';
import { type Lane, NoAnswerError } from '../lane.ts';

/**
 * A disk that is mounted at a path or below it. Undefined where none is; elsewhere than on Linux only the path itself,
 * or the suspect, is looked at.
 *
 * @param lane of the disk that the path is on
 * @param suspect where one was seen before
 */
export async function mountedIn(
  path: string,
  lane: Lane,
  suspect: string = path,
): Promise<string | undefined> {
  try {
    return await lane.ask(() => mountBelow(path, suspect));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (!(error instanceof NoAnswerError)) return undefined;
    // A disk that does not answer is one; whether it is mounted here or above is in the table alone.
    const points = suspect === path ? await mountPoints() : undefined;
    return points ? points.find((point) => isWithin(point, path)) : suspect;
  }
}

/** The same without a lane: for a question to one. @throws the system's error */
export async function mountBelow(path: string, suspect: string = path): Promise<string | undefined> {
  const points = await mountPoints();
  if (!points) return (await isOtherDisk(suspect)) ? suspect : undefined;
  const real = join(await realpath(dirname(path)), basename(path));
  const found = points.find((point) => isWithin(point, real));
  return found === undefined ? undefined : path + found.slice(real.length);
}

async function isOtherDisk(path: string): Promise<boolean> {
  const [own, around] = await Promise.all([lstat(path), lstat(dirname(path))]);
  return own.dev !== around.dev;
}
