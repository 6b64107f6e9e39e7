/**
 * What is under `<data>/projects/` and is to go. It is moved into `<data>/trash/` in one step, while no change can come
 * between, so that for everybody else it is whole or gone, and no project loses the directory that it has just been given
 * back. There it is kept, and can be put back as it was, until it is deleted for good (`sweeper.ts`).
 *
 * The trash is the user's alone. What remains: a program of theirs that is at work inside of a directory goes on there.
 */
import { lstat, readdir, readlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { RegistryError } from '../../domain/errors.ts';
import type { RegistryView } from '../../domain/registry.ts';
import { isKept, isOf, movedAt } from '../../domain/values/trash-names.ts';
import type { Logger } from '../../log.ts';
import { type Paths, trashWithin } from '../../paths.ts';
import { MountedError } from './delete-tree.ts';
import { look } from '../directories.ts';
import { type Lane, NoAnswerError, PATIENCE_MS } from '../lane.ts';
import type { Clock } from './ages.ts';
import { LeftNotes } from './left-notes.ts';
import { mountBelow, mountedIn } from './mounted.ts';
import type { Store } from '../../store/store.ts';
import {
  inTrash,
  isLink,
  LED_BY_LINK,
  linkReason,
  moveFromTrash,
  moveToTrash,
  UnmovableError,
} from './place.ts';
import { type Left, Sweeper } from './sweeper.ts';
import { errorCode, ifMissing, isNowhere, systemReason } from '../../system/errors.ts';
import { shellWord } from '../../system/printable.ts';

/** How long whoever tries again to delete something waits to hear whether it could be deleted. Milliseconds. */
const ANSWER_MS = 1_000;

/** What has become of something that was to go. */
export interface Discarded {
  /** Where it is now, in a trash, for {@link Trash.putBack}; null when it was not moved, or is not there. */
  readonly place: string | null;
  /** What stays, or what a link in its place led to; null for nothing. */
  readonly left: Left | null;
}

/** Whether something is not to go after all. */
type IsNeeded = (registry: RegistryView) => boolean;

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
  /** Default the machine's. */
  readonly clock?: Clock;
}

export class Trash {
  readonly #place: Place;
  readonly #notes: LeftNotes;
  readonly #sweeper: Sweeper;
  readonly #loaded: Promise<void>;

  /** Goes on with what an earlier daemon has not deleted. */
  constructor(place: Place) {
    this.#place = place;
    this.#notes = new LeftNotes(place.paths.trashDir, place.log);
    this.#loaded = this.#notes.load();
    this.#sweeper = new Sweeper(place, this.#loaded);
  }

  /** Takes a directory under `projects/` away, unless a project has it now. Never what a link leads to. */
  async discard(name: string): Promise<Discarded> {
    await this.#loaded;
    const done = await this.#take([name], (registry) => registry.get(name) !== undefined);
    if (done.place === null && done.left) await this.#notes.note(name, done.left.reason);
    else await this.#notes.forget(name);
    return done;
  }

  /**
   * Takes away what is in a project's own directory, such as `['trainings', '7']`. Never what a link leads to, nor through
   * one. What could not be moved is not noted: whoever cleans up comes again.
   *
   * @param isNeeded asked while no change can come between; then it stays
   */
  async discardWithin(
    projectId: string,
    inside: readonly string[],
    isNeeded: (registry: RegistryView) => boolean,
  ): Promise<Discarded> {
    return await this.#take([projectId, ...inside], isNeeded);
  }

  /** Where the directory `<projects>/<name>` is that was taken away last, if it is kept; null otherwise. */
  async find(name: string): Promise<string | null> {
    const { paths, lane } = this.#place;
    const found: string[] = [];
    for (const directory of [paths.trashDir, trashWithin(paths.projectsDir)]) {
      const list = () => inTrash(directory, paths, (trash) => readdir(trash.at('.')));
      const names = await lane.ask(list).catch(ifMissing([]));
      found.push(...names.filter((one) => isOf(name, one)).map((one) => join(directory, one)));
    }
    const when = (place: string): number => movedAt(basename(place)) ?? 0;
    return found.toSorted((a, b) => when(a) - when(b)).at(-1) ?? null;
  }

  /**
   * Makes what {@link Trash.discard} has moved to `place` the directory `<projects>/<name>` again, in one step that survives
   * a power cut. A directory with nothing in it is replaced, which the system decides in that step; nothing else is.
   *
   * @throws {UnmovableError} where something is there, and for a place that is in no trash
   * @throws {NoAnswerError} and the system's error: ENOENT when it is not kept any more
   * @throws {RegistryError} as {@link Store.undisturbed}
   */
  async putBack(place: string, name: string): Promise<void> {
    const { paths, store, lane } = this.#place;
    const isOurs = [paths.trashDir, trashWithin(paths.projectsDir)].includes(dirname(place));
    if (!isOurs || !isKept(basename(place))) throw new UnmovableError(`${place} is not kept in the trash`);
    await store.undisturbed(() => lane.ask(() => moveFromTrash(place, [name], paths), PATIENCE_MS));
    await this.#notes.forget(name);
  }

  async #take(segments: readonly string[], isNeeded: IsNeeded): Promise<Discarded> {
    const { paths, store, lane, log } = this.#place;
    const path = join(paths.projectsDir, ...segments);
    try {
      // Changes wait for the move: it is not tried on a disk that is known not to answer.
      const target = await lane.ask(() => requireMovable(path));
      const place = await store.undisturbed((registry) => this.#moveUnless(isNeeded, segments, registry));
      if (place !== null) void this.#sweeper.sweep();
      const led = place !== null && target !== null;
      return { place, left: led ? { path: resolve(dirname(path), target), reason: LED_BY_LINK } : null };
    } catch (error) {
      if (isNowhere(error)) return { place: null, left: null };
      const mount = errorCode(error) === 'EBUSY' ? await mountedIn(path, lane) : undefined;
      const reason = mount === undefined ? reasonOf(error) : new MountedError().message;
      if (reason === null) throw error;
      log.warn({ err: error, path }, 'cannot remove a directory');
      return { place: null, left: { path, reason } };
    }
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
    for (const [path, { reason, at }] of this.#sweeper.undeleted) {
      if ((await look(path, lane)).kind === 'nothing') this.#sweeper.undeleted.delete(path);
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

  /** Tries once more to take away what {@link Trash.left} named. */
  async tryAgain(path: string): Promise<void> {
    if (this.#sweeper.undeleted.has(path)) await this.#soon(this.#sweeper.delete(path));
    else await this.discard(basename(path));
  }

  /** Ends a deletion after the file that is being deleted; the next daemon goes on. */
  close(): void {
    this.#sweeper.close();
  }

  /**
   * Changes wait for this no longer than {@link PATIENCE_MS}: the system may know a directory of a disk that is dead.
   *
   * @returns where it is then, in a trash; null when it is needed
   */
  async #moveUnless(
    isNeeded: IsNeeded,
    segments: readonly string[],
    registry: RegistryView,
  ): Promise<string | null> {
    if (isNeeded(registry)) return null;
    const { paths, lane } = this.#place;
    const givenUp = new AbortController();
    let move: Promise<string> | undefined;
    try {
      return await lane.ask(() => (move = moveToTrash(segments, paths, givenUp.signal)), PATIENCE_MS);
    } catch (error) {
      if (error instanceof NoAnswerError) {
        givenUp.abort(error);
        // A step that is under way cannot be called back.
        move?.then(
          (moved) => this.#movedLate(isNeeded, segments, moved),
          () => undefined,
        );
      }
      throw error;
    }
  }

  /** The disk has done after all what nobody waits for any more, and it may be needed again. Never throws. */
  async #movedLate(isNeeded: IsNeeded, segments: readonly string[], moved: string): Promise<void> {
    const { paths, store, lane, log } = this.#place;
    try {
      await store.undisturbed(async (registry) => {
        if (isNeeded(registry)) await lane.ask(() => moveFromTrash(moved, segments, paths), PATIENCE_MS);
      });
      await this.#notes.forget(segments.join('/'));
      await this.#sweeper.sweep();
    } catch (error) {
      const path = join(paths.projectsDir, ...segments);
      log.error({ err: error, path, moved }, 'cannot put back a directory that its disk has moved away late');
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

/**
 * Refuses what cannot be moved as a whole.
 *
 * @returns what it leads to when it is a link, which is moved itself; null for anything else
 * @throws {MountedError} where another disk is mounted in it: what is on that is somebody's
 * @throws the system's error
 */
async function requireMovable(path: string): Promise<string | null> {
  if ((await lstat(path)).isSymbolicLink()) return await readlink(path);
  if ((await mountBelow(path)) !== undefined) throw new MountedError();
  return null;
}

/** Why something stays where it is; null for a mistake of ours. */
function reasonOf(error: unknown): string | null {
  if (error instanceof RegistryError || error instanceof UnmovableError) return error.message;
  if (error instanceof NoAnswerError || errorCode(error) !== undefined) return systemReason(error);
  return null;
}
