/**
 * The two places in which directories are deleted: `<data>/trash/`, and `<data>/projects/.trash/` where `projects/` is on
 * a disk of its own, from which nothing can be renamed into the other. What is behind a link is none.
 */
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorCode } from '../../system/errors.ts';
import { makeDirectory } from '../../system/make-directory.ts';
import { type Paths, trashWithin } from '../../paths.ts';
import type { Lane } from '../lane.ts';
import { inDirectory, type OpenDirectory } from './open-directory.ts';

/** In a name in the trash: enough of the old name to recognise it, with room for what comes after it. */
const MAX_NAME_LENGTH = 60;

type Places = Pick<Paths, 'projectsDir' | 'trashDir'>;

/** Not the system's refusal but ours. */
export class UnmovableError extends Error {}

/**
 * Moves a directory under `projects/` away in one step.
 *
 * @param givenUp before it is moved, nobody waits for it any more, and it must stay
 * @returns where it is then
 * @throws {UnmovableError} where one of the directories is a link or not the user's alone
 */
export async function moveToTrash(
  name: string,
  { projectsDir, trashDir }: Places,
  givenUp: AbortSignal,
): Promise<string> {
  const moved = freshName(name);
  return await inside(projectsDir, projectsDir, async (projects) => {
    const move = async (place: string, path: string): Promise<string> => {
      await inside(place, path, async (trash) => {
        await requirePrivate(trash, path);
        for (let isMended = false; ; isMended = true) {
          givenUp.throwIfAborted();
          try {
            await rename(projects.at(name), trash.at(moved));
            return;
          } catch (error) {
            if (errorCode(error) !== 'EACCES' || isMended || !(await makeMovable(projects, name)))
              throw error;
          }
        }
      });
      return join(path, moved);
    };
    try {
      makeDirectory(trashDir);
      return await move(trashDir, trashDir);
    } catch (error) {
      if (errorCode(error) !== 'EXDEV') throw error;
    }
    const within = trashWithin(projectsDir);
    const place = projects.at(basename(within));
    await mkdir(place, { mode: 0o700, recursive: true });
    return await move(place, within);
  });
}

/** A directory is moved by whoever may write into it. Returns whether nothing but its mode was in the way of that. */
async function makeMovable(projects: OpenDirectory, name: string): Promise<boolean> {
  const path = projects.at(name);
  if (!(await lstat(path)).isDirectory()) return false;
  return await inDirectory(path, async (own) => {
    // What is mounted there is somebody's.
    return (await own.mount()) === (await projects.mount()) && (await own.makeWritable());
  });
}

/** Does something in one of the two. */
export async function inTrash<T>(
  directory: string,
  { trashDir, projectsDir }: Places,
  task: (trash: OpenDirectory) => Promise<T>,
): Promise<T> {
  if (directory === trashDir) return await inDirectory(trashDir, task);
  return await inside(projectsDir, projectsDir, (projects) =>
    inDirectory(projects.at(basename(directory)), task),
  );
}

/** A name that nobody has: the old one, and chance. */
export function freshName(name: string): string {
  return `${name.slice(0, MAX_NAME_LENGTH)}-${randomBytes(4).toString('hex')}`;
}

/**
 * Does something in a directory that must be one itself.
 *
 * @param path what a person calls it
 */
async function inside<T>(
  place: string,
  path: string,
  task: (directory: OpenDirectory) => Promise<T>,
): Promise<T> {
  if ((await lstat(place)).isSymbolicLink()) throw new UnmovableError(linkReason(path));
  return await inDirectory(place, task);
}

/** Why that stays which a link has led to. */
export const LED_BY_LINK = 'a link led there, and nothing is deleted through one';

export function linkReason(path: string): string {
  return `${path} is a link, and nothing is deleted through one`;
}

export async function isLink(path: string, lane: Lane): Promise<boolean> {
  const status = await lane.ask(() => lstat(path)).catch(() => undefined);
  return status?.isSymbolicLink() ?? false;
}

/** What others may write into is no place for files to be deleted in. */
async function requirePrivate(trash: OpenDirectory, path: string): Promise<void> {
  const { uid, mode } = await trash.status();
  if (uid !== process.geteuid?.() || (mode & 0o022) !== 0)
    throw new UnmovableError(`${path} is not yours alone; move it away`);
}
