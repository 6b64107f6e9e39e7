/**
 * Directories under `<data>/projects/` that are to go. Each is moved into `<data>/trash/` in one step, while no change
 * can come between, so that for everybody else it is whole or gone, and no project loses the directory that it has just
 * been given back. The deletion comes after that, one file after the other, and nobody waits for the end of it.
 *
 * The trash is the user's alone. What remains: a program of theirs that is at work inside of a directory goes on there.
 */
import { randomBytes } from 'node:crypto';
import { lstat, readdir, readlink, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { RegistryError } from '../domain/errors.ts';
import type { RegistryView } from '../domain/registry.ts';
import type { Logger } from '../log.ts';
import { makeDirectory } from '../make-directory.ts';
import type { Paths } from '../paths.ts';
import { errorCode, isMissing } from './atomic-file.ts';
import { deleteTree } from './delete-tree.ts';
import { look } from './directories.ts';
import { type Lane, NoAnswerError } from './lane.ts';
import { LeftNotes } from './left-notes.ts';
import { inDirectory, type OpenDirectory } from './open-directory.ts';
import type { Store } from './store.ts';
import { systemReason } from '../system-error.ts';

/** How long whoever removes something waits to hear whether it could be deleted. Milliseconds. */
const ANSWER_MS = 1_000;
/** In a name in the trash: enough of the old name to recognise it, with room for what comes after it. */
const MAX_NAME_LENGTH = 60;
const OURS = /^.+-[0-9a-f]{8}$/;

/** What could not be deleted, and why. */
export interface Left {
  readonly path: string;
  readonly reason: string;
}

interface Place {
  readonly paths: Pick<Paths, 'projectsDir' | 'trashDir'>;
  readonly store: Pick<Store, 'undisturbed' | 'registry'>;
  /** Of the disk with the projects' directories. */
  readonly lane: Lane;
  readonly log: Logger;
}

export class Trash {
  readonly #place: Place;
  readonly #notes: LeftNotes;
  /** In the trash, and cannot be deleted. */
  readonly #undeleted = new Map<string, string>();
  /** One deletion after the other. */
  #work: Promise<unknown>;
  readonly #loaded: Promise<void>;
  #closed = false;

  /** Goes on with what an earlier daemon has not deleted. */
  constructor(place: Place) {
    this.#place = place;
    this.#notes = new LeftNotes(place.paths.trashDir, place.log);
    this.#loaded = this.#notes.load();
    this.#work = this.#loaded.then(() => this.#deleteLeftBehind());
  }

  /**
   * Takes a directory under `projects/` away, unless a project has it now. Never what a link leads to.
   *
   * @returns what stays; null when nothing does, as far as that is known within a second
   */
  async discard(name: string): Promise<Left | null> {
    const { paths, store, lane, log } = this.#place;
    const path = join(paths.projectsDir, name);
    await this.#loaded;
    let moved: string | null;
    try {
      // Changes wait for the move: it is not tried on a disk that does not answer.
      await lane.ask(() => lstat(path));
      moved = await store.undisturbed((registry) => this.#moveUnlessOwned(name, registry));
    } catch (error) {
      if (isMissing(error)) moved = null;
      else {
        const reason = reasonOf(error);
        if (reason === null) throw error;
        log.warn({ err: error, path }, 'cannot remove a directory');
        await this.#notes.note(name, reason);
        return { path, reason };
      }
    }
    await this.#notes.forget(name);
    return moved === null ? null : await this.#soon(this.#delete(moved));
  }

  /** What removals could not delete, and is still there. */
  async left(): Promise<Left[]> {
    const { paths, store, lane } = this.#place;
    await this.#loaded;
    const left: Left[] = [];
    for (const [name, reason] of this.#notes.all) {
      const path = join(paths.projectsDir, name);
      // Somebody has deleted it, or brought its project back.
      if (store.registry.get(name) || (await look(path, lane)).kind === 'nothing')
        await this.#notes.forget(name);
      else left.push({ path, reason });
    }
    for (const [name, reason] of this.#undeleted) {
      const path = join(paths.trashDir, name);
      if ((await look(path, lane)).kind === 'nothing') this.#undeleted.delete(name);
      else left.push({ path, reason });
    }
    return left;
  }

  /** Tries once more to delete what {@link Trash.left} named. */
  async tryAgain(path: string): Promise<void> {
    if (dirname(path) === this.#place.paths.trashDir) await this.#soon(this.#delete(basename(path)));
    else await this.discard(basename(path));
  }

  /** Ends a deletion after the file that is being deleted; the next daemon goes on. */
  close(): void {
    this.#closed = true;
  }

  /** @returns its name in the trash; null when there is nothing to delete */
  async #moveUnlessOwned(name: string, registry: RegistryView): Promise<string | null> {
    if (registry.get(name)) return null;
    const { projectsDir, trashDir } = this.#place.paths;
    const moved = freshName(name);
    makeDirectory(trashDir);
    await inside(trashDir, async (trash) => {
      await requirePrivate(trash, trashDir);
      await inside(projectsDir, (projects) => rename(projects.at(name), trash.at(moved)));
    });
    return moved;
  }

  #delete(name: string): Promise<Left | null> {
    const work = this.#work.then(() => this.#deleteNow(name));
    this.#work = work;
    return work;
  }

  /** Never throws. */
  async #deleteNow(name: string): Promise<Left | null> {
    const { paths, log } = this.#place;
    const path = join(paths.trashDir, name);
    const leave = (error: unknown, within = ''): Left => {
      log.error({ err: error, path: join(path, within) }, 'cannot delete what was removed');
      const reason = `${systemReason(error)}${within && ` (${within})`}`;
      this.#undeleted.set(name, reason);
      return { path, reason };
    };
    try {
      const target = await readlink(path).catch(() => null);
      const deeper = (): string => freshName(name.slice(0, -9));
      const left = await inDirectory(paths.trashDir, (trash) =>
        deleteTree(trash, name, deeper, () => this.#closed),
      );
      if (left === 'stopped') return null;
      if (left) return leave(left.error, left.inside);
      this.#undeleted.delete(name);
      if (target === null) return null;
      return {
        path: resolve(paths.projectsDir, target),
        reason: 'a link led there, and nothing is deleted through one',
      };
    } catch (error) {
      return leave(error);
    }
  }

  async #deleteLeftBehind(): Promise<void> {
    const { trashDir } = this.#place.paths;
    const names = await readdir(trashDir).catch(() => []);
    for (const name of names.filter((one) => OURS.test(one))) await this.#deleteNow(name);
  }

  /** What is known of a deletion after a second. */
  async #soon(deletion: Promise<Left | null>): Promise<Left | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), ANSWER_MS);
    });
    try {
      return await Promise.race([deletion, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A name that nobody has: the old one, and chance. */
function freshName(name: string): string {
  return `${name.slice(0, MAX_NAME_LENGTH)}-${randomBytes(4).toString('hex')}`;
}

/** Does something in a directory that must be one itself. */
async function inside<T>(path: string, task: (directory: OpenDirectory) => Promise<T>): Promise<T> {
  if ((await lstat(path)).isSymbolicLink())
    throw new UnmovableError(`${path} is a link, and nothing is deleted through one`);
  return await inDirectory(path, task);
}

/** What others may write into is no place for files to be deleted in. */
async function requirePrivate(trash: OpenDirectory, path: string): Promise<void> {
  const { uid, mode } = await trash.status();
  if (uid !== process.geteuid?.() || (mode & 0o022) !== 0)
    throw new UnmovableError(`${path} is not yours alone; move it away`);
}

/** Not the system's refusal but ours. */
class UnmovableError extends Error {}

/** Why something stays where it is; null for a mistake of ours. */
function reasonOf(error: unknown): string | null {
  if (error instanceof RegistryError || error instanceof UnmovableError) return error.message;
  if (error instanceof NoAnswerError || errorCode(error) !== undefined) return systemReason(error);
  return null;
}
