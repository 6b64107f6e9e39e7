/**
 * The two places in which things are kept and then deleted: `<data>/trash/`, and `<data>/projects/.trash/` where
 * `projects/` is on a disk of its own, from which nothing can be renamed into the other. What is behind a link is none.
 */
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { trashName } from '../../domain/values/trash-names.ts';
import { errorCode, isMissing } from '../../system/errors.ts';
import { makeDirectory } from '../../system/make-directory.ts';
import { type Paths, trashWithin } from '../../paths.ts';
import type { Lane } from '../lane.ts';
import { inDirectory, type OpenDirectory } from './open-directory.ts';

export type Places = Pick<Paths, 'projectsDir' | 'trashDir'>;

/** Not the system's refusal but ours. */
export class UnmovableError extends Error {}

/**
 * Moves what is under `projects/` away in one step.
 *
 * @param segments the names that lead to it
 * @param givenUp before it is moved, nobody waits for it any more, and it must stay
 * @returns where it is then
 * @throws {UnmovableError} where one of the directories is a link or not the user's alone
 */
export async function moveToTrash(
  segments: readonly string[],
  { projectsDir, trashDir }: Places,
  givenUp: AbortSignal,
): Promise<string> {
  const moved = freshName(segments.join('/'));
  return await above(segments, projectsDir, async (parent, name, projects) => {
    const move = async (place: string, path: string): Promise<string> => {
      await inside(place, path, async (trash) => {
        await requirePrivate(trash, path);
        await renameBetween([parent, name], [trash, moved], givenUp);
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

/** What the system says when it does not replace what is there: it does replace a directory with nothing in it. */
const TAKEN: ReadonlySet<unknown> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EISDIR', 'EBUSY']);

/**
 * Moves what {@link moveToTrash} has moved to where it was, or to another name, in one step, and makes that survive a
 * power cut.
 *
 * @throws {UnmovableError} where something is there already, except a directory with nothing in it
 * @throws the system's error: ENOENT when it is not in the trash any more
 */
export async function moveFromTrash(
  place: string,
  segments: readonly string[],
  places: Places,
): Promise<void> {
  const { projectsDir } = places;
  const taken = (): Error =>
    new UnmovableError(`cannot put it back: something is at ${join(projectsDir, ...segments)}`);
  await inTrash(dirname(place), places, async (trash) => {
    const entry = basename(place);
    const isDirectory = (await lstat(trash.at(entry))).isDirectory();
    await above(segments, projectsDir, async (parent, name) => {
      // A link would replace a file or another link.
      if (!isDirectory && (await exists(parent.at(name)))) throw taken();
      try {
        await renameBetween([trash, entry], [parent, name]);
      } catch (error) {
        throw TAKEN.has(errorCode(error)) ? taken() : error;
      }
      await parent.sync();
      await trash.sync();
    });
  });
}

type Entry = readonly [directory: OpenDirectory, name: string];

async function renameBetween([from, name]: Entry, [to, moved]: Entry, givenUp?: AbortSignal): Promise<void> {
  for (let isMended = false; ; isMended = true) {
    givenUp?.throwIfAborted();
    try {
      await rename(from.at(name), to.at(moved));
      return;
    } catch (error) {
      if (errorCode(error) !== 'EACCES' || isMended || !(await makeMovable(from, name))) throw error;
    }
  }
}

/** A directory is moved by whoever may write into it. Returns whether nothing but its mode was in the way of that. */
async function makeMovable(parent: OpenDirectory, name: string): Promise<boolean> {
  const path = parent.at(name);
  if (!(await lstat(path)).isDirectory()) return false;
  return await inDirectory(path, async (own) => {
    // What is mounted there is somebody's.
    return (await own.mount()) === (await parent.mount()) && (await own.makeWritable());
  });
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}

/** Does something in the directory above something under `projects/`; each on the way to it must be a directory itself. */
async function above<T>(
  segments: readonly string[],
  projectsDir: string,
  task: (parent: OpenDirectory, name: string, projects: OpenDirectory) => Promise<T>,
): Promise<T> {
  if (segments.some((one) => one === '' || one === '.' || one === '..' || one.includes('/')))
    throw new UnmovableError(`${segments.join('/')} leads elsewhere`);
  const names = segments.slice(0, -1);
  const name = segments.at(-1) ?? '';
  return await inside(projectsDir, projectsDir, async (projects) => {
    const descend = async (directory: OpenDirectory, depth: number): Promise<T> => {
      const next = names[depth];
      if (next === undefined) return await task(directory, name, projects);
      const path = join(projectsDir, ...names.slice(0, depth + 1));
      return await inside(directory.at(next), path, (below) => descend(below, depth + 1));
    };
    return await descend(projects, 0);
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

/** A name that nobody has. */
export function freshName(was: string): string {
  return trashName(was, Date.now(), randomBytes(4).toString('hex'));
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
