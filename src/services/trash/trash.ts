/**
 * Directories under `<data>/projects/` that are to go. Each is moved into `<data>/trash/` in one step, while no change
 * can come between, so that for everybody else it is whole or gone, and no project loses the directory that it has just
 * been given back. The deletion comes after that, one file after the other, and nobody waits for the end of it.
 *
 * The trash is the user's alone. What remains: a program of theirs that is at work inside of a directory goes on there.
 */
import { lstat, readdir, readlink, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { RegistryError } from '../../domain/errors.ts';
import type { RegistryView } from '../../domain/registry.ts';
import type { Logger } from '../../log.ts';
import { type Paths, trashWithin } from '../../paths.ts';
import { deleteTree, MountedError } from './delete-tree.ts';
import { look } from '../directories.ts';
import { type Lane, NoAnswerError, PATIENCE_MS } from '../lane.ts';
import { LeftNotes } from './left-notes.ts';
import { mountedIn } from './mounted.ts';
import type { Store } from '../../store/store.ts';
import { freshName, inTrash, isLink, LED_BY_LINK, linkReason, moveToTrash, UnmovableError } from './place.ts';
import { errorCode, isMissing, systemReason } from '../../system/errors.ts';
import { shellWord } from '../../system/printable.ts';

/** How long whoever removes something waits to hear whether it could be deleted. Milliseconds. */
const ANSWER_MS = 1_000;
const OURS = /^.+-[0-9a-f]{8}$/;

/** What could not be deleted, and why. */
export interface Left {
  readonly path: string;
  readonly reason: string;
}

/** What is still there of it. */
export interface Remains extends Left {
  /** What has to be done before a repair can delete it; undefined when nothing is known to be in the way. */
  readonly remedy?: string;
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
  /** In the trash, or the one within `projects/`, and cannot be deleted: by path. */
  readonly #undeleted = new Map<string, { readonly reason: string; readonly at: string }>();
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
      // Changes wait for the move: it is not tried on a disk that is known not to answer.
      await lane.ask(() => lstat(path));
      moved = await store.undisturbed((registry) => this.#moveUnlessOwned(name, registry));
    } catch (error) {
      if (isMissing(error)) moved = null;
      else {
        const mount = errorCode(error) === 'EBUSY' ? await mountedIn(path, lane) : undefined;
        const reason = mount === undefined ? reasonOf(error) : new MountedError().message;
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
  async left(): Promise<Remains[]> {
    const { paths, store, lane } = this.#place;
    await this.#loaded;
    const left: Remains[] = [];
    const link = (await isLink(paths.projectsDir, lane)) ? linkReason(paths.projectsDir) : undefined;
    for (const [name, reason] of this.#notes.all) {
      const path = join(paths.projectsDir, name);
      // Somebody has deleted it, or brought its project back.
      if (store.registry.get(name) || (await look(path, lane)).kind === 'nothing')
        await this.#notes.forget(name);
      else {
        const byHand = link && { reason: link, remedy: `delete it yourself: rm -r ${shellWord(path)}` };
        left.push({ path, reason, ...byHand, ...(await this.#mounted(path)) });
      }
    }
    for (const [path, { reason, at }] of this.#undeleted) {
      if ((await look(path, lane)).kind === 'nothing') this.#undeleted.delete(path);
      else left.push({ path, reason, ...(await this.#mounted(path, at)) });
    }
    return left;
  }

  /** What is mounted there is told anew each time: a repair can go on as soon as it is no more. */
  async #mounted(path: string, suspect?: string): Promise<Omit<Remains, 'path'> | undefined> {
    const mount = await mountedIn(path, this.#place.lane, suspect);
    if (mount === undefined) return undefined;
    const remedy = `umount ${shellWord(mount)}, then gardener doctor --fix; what is on that disk stays`;
    return { reason: `another disk is mounted at ${mount}`, remedy };
  }

  /** Tries once more to delete what {@link Trash.left} named. */
  async tryAgain(path: string): Promise<void> {
    if (this.#undeleted.has(path)) await this.#soon(this.#delete(path));
    else await this.discard(basename(path));
  }

  /** Ends a deletion after the file that is being deleted; the next daemon goes on. */
  close(): void {
    this.#closed = true;
  }

  /**
   * Changes wait for this no longer than {@link PATIENCE_MS}: the system may know a directory of a disk that is dead.
   *
   * @returns where it is then, in a trash; null when there is nothing to delete
   */
  async #moveUnlessOwned(name: string, registry: RegistryView): Promise<string | null> {
    if (registry.get(name)) return null;
    const { paths, lane } = this.#place;
    const givenUp = new AbortController();
    let move: Promise<string> | undefined;
    try {
      return await lane.ask(() => (move = moveToTrash(name, paths, givenUp.signal)), PATIENCE_MS);
    } catch (error) {
      if (error instanceof NoAnswerError) {
        givenUp.abort(error);
        // A step that is under way cannot be called back.
        move?.then(
          (moved) => this.#movedLate(name, moved),
          () => undefined,
        );
      }
      throw error;
    }
  }

  /** The disk has done after all what nobody waits for any more, and the project may be back. Never throws. */
  async #movedLate(name: string, moved: string): Promise<void> {
    const { paths, store, lane, log } = this.#place;
    const path = join(paths.projectsDir, name);
    try {
      const isBack = await store.undisturbed(async (registry) => {
        if (!registry.get(name)) return false;
        await lane.ask(() => rename(moved, path), PATIENCE_MS);
        return true;
      });
      await this.#notes.forget(name);
      if (!isBack) await this.#delete(moved);
    } catch (error) {
      log.error({ err: error, path, moved }, 'cannot put back a directory that its disk has moved away late');
    }
  }

  #delete(path: string): Promise<Left | null> {
    const work = this.#work.then(() => this.#deleteNow(path));
    this.#work = work;
    return work;
  }

  /** Never throws. */
  async #deleteNow(path: string): Promise<Left | null> {
    const { paths, log } = this.#place;
    const [trashDir, name] = [dirname(path), basename(path)];
    const leave = (error: unknown, left = path, within = ''): Left => {
      const at = join(left, within);
      log.error({ err: error, path: at }, 'cannot delete what was removed');
      const why = error instanceof MountedError ? error.message : systemReason(error);
      const reason = `${why}${within && ` (${within})`}`;
      this.#undeleted.set(left, { reason, at });
      return { path: left, reason };
    };
    try {
      const target = await readlink(path).catch(() => null);
      const deeper = (): string => freshName(name.slice(0, -9));
      const left = await inTrash(trashDir, paths, (trash) =>
        deleteTree(trash, name, deeper, () => this.#closed),
      );
      if (left === 'stopped') return null;
      if (left) return leave(left.error, join(trashDir, left.name), left.inside);
      this.#undeleted.delete(path);
      return target === null ? null : { path: resolve(paths.projectsDir, target), reason: LED_BY_LINK };
    } catch (error) {
      return leave(error);
    }
  }

  async #deleteLeftBehind(): Promise<void> {
    const { trashDir, projectsDir } = this.#place.paths;
    for (const directory of [trashDir, trashWithin(projectsDir)]) {
      const names = await readdir(directory).catch(() => []);
      for (const name of names.filter((one) => OURS.test(one))) await this.#deleteNow(join(directory, name));
    }
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

/** Why something stays where it is; null for a mistake of ours. */
function reasonOf(error: unknown): string | null {
  if (error instanceof RegistryError || error instanceof UnmovableError) return error.message;
  if (error instanceof NoAnswerError || errorCode(error) !== undefined) return systemReason(error);
  return null;
}
