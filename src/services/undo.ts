/**
 * Taking back the last removal, repair, restore or import, with the directories that it moved to the trash.
 *
 * The entry of an operation goes last. Whoever is killed before leaves one of which the registry has nothing to take back
 * any more, and of which directories may still be in the trash: the next start, or the next undo, puts those back.
 */
import { lstat, readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Draft } from '../domain/draft.ts';
import { InvalidParamsError, RegistryError } from '../domain/errors.ts';
import {
  takesNothingBack,
  type Leased,
  removedBy,
  takeBack,
  type TakenBack,
} from '../domain/undo/take-back.ts';
import { timestampOf } from '../domain/values/time.ts';
import { KEPT_MS } from '../domain/values/trash-names.ts';
import type { Logger } from '../log.ts';
import type { Paths } from '../paths.ts';
import type { Result } from '../protocol/methods.ts';
import type { Store } from '../store/store.ts';
import type { Noted } from '../store/undo/journal.ts';
import { errorCode, isNowhere, systemReason } from '../system/errors.ts';
import { isNothing, makeOwnDirectory } from './directories.ts';
import { goneAdapters } from './gone-adapters.ts';
import { type Lanes, NoAnswerError } from './lane.ts';
import type { Discarded, Trash } from './trash/trash.ts';
import { noteMoved } from './note-moved.ts';
import { inTheWay, isLost } from './undo-refusals.ts';

export type Undone = NonNullable<Result<'registry.undo'>['undone']>;

interface Around {
  readonly store: Store;
  readonly trash: Trash;
  readonly lanes: Lanes;
  readonly paths: Pick<Paths, 'projectsDir'>;
  readonly leased: Leased;
  readonly log: Logger;
}

/** What is to be taken back, and how. */
interface Wanted {
  /** The last one must be this; default whichever is. */
  readonly id?: string | undefined;
  /** Does without the directories that no trash has, though they should still be kept; default false. */
  readonly isWithout?: boolean | undefined;
}

/** A directory under `projects/` that comes back. */
interface Move {
  readonly name: string;
  /** Where it is, in a trash. */
  readonly place: string;
}

/** What has become of the directories of an operation. */
interface Seen {
  readonly moves: readonly Move[];
  /** Those of projects that come back without. */
  readonly missing: Undone['missing'];
  /** What stays in the trash, because a project that is here again has another directory by now. */
  readonly aside: readonly Move[];
  /** Those that no trash has, though they should still be kept: a disk may not be mounted. */
  readonly lost: readonly string[];
}

const KEPT_FOR = 'it is not in the trash any more, where what is removed is kept for seven days';
const NOT_LAST = 'is not the last operation any more; see what is with dry_run';
const NOT_EMPTY = 'something is in it that was there before, or was put there since';

export class Undo {
  readonly #around: Around;
  /** One after the other: two at once take two operations back. */
  #work: Promise<unknown>;
  /** Names of entries that the log says cannot be used. */
  readonly #told = new Set<string>();

  /** Finishes what an earlier daemon has begun. */
  constructor(around: Around) {
    this.#around = around;
    this.#work = this.#finish().catch((error: unknown) =>
      around.log.error(
        { err: error },
        'cannot finish what an earlier daemon had begun to remove or to take back',
      ),
    );
  }

  /**
   * Takes back the last operation of which there is anything to take back.
   *
   * @param isTrial only tells what would change; default false
   * @returns null for none
   * @throws {InvalidParamsError} where the last one is another than was wanted
   * @throws {RegistryError} `project_exists`, `lease_held`, `storage_failed`, and what {@link Store.change} throws
   */
  last(isTrial = false, { id, isWithout = false }: Wanted = {}): Promise<Undone | null> {
    const work = this.#work.then(() => this.#last(isTrial, isWithout, id));
    this.#work = work.catch(() => undefined);
    return work;
  }

  async #last(isTrial: boolean, isWithout: boolean, id?: string): Promise<Undone | null> {
    const { journal } = this.#around.store;
    try {
      for (const name of await journal.names()) {
        const entry = await this.#read(name, timestampOf(Date.now()));
        if (!entry) continue;
        const isOther = id !== undefined && id !== idOf(entry);
        const undone = await this.#takeBack(entry, isTrial || isOther, isWithout);
        if (undone && isOther) throw new InvalidParamsError([{ path: 'id', message: NOT_LAST }]);
        if (undone) return undone;
      }
      return null;
    } catch (error) {
      if (errorCode(error) === undefined && !(error instanceof NoAnswerError)) throw error;
      const message = `cannot take anything back: ${systemReason(error)}`;
      throw new RegistryError('storage_failed', message, { applied: false });
    }
  }

  async #read(name: string, now: string): Promise<Noted | null> {
    const { store, log } = this.#around;
    return await store.journal.read(name, now, (err) => {
      if (!this.#told.has(name)) log.warn({ err, entry: name }, 'cannot read what could be taken back');
      this.#told.add(name);
    });
  }

  /** Returns null where there is nothing to take back, and forgets that unless something of it lies in the trash. */
  async #takeBack(entry: Noted, isTrial: boolean, isWithout: boolean): Promise<Undone | null> {
    const { store, leased, log } = this.#around;
    const { operation, at } = entry;
    const { moves, missing, aside, lost } = await this.#look(entry);
    const [first] = lost;
    if (first !== undefined && !isWithout)
      throw isLost(first, keptUntil(entry), this.#around.paths.projectsDir);
    const gone = await goneAdapters(entry, this.#around);
    const take = (draft: Draft, now: string): TakenBack =>
      takeBack(draft, entry, now, leased, (path) => gone.has(path));
    const taken = await store.change(take, undefined, isTrial);
    if (takesNothingBack(taken) && moves.length === 0) {
      if (!isTrial && aside.length === 0) await store.journal.drop([entry.name]);
      return null;
    }
    const { kept, ...effect } = taken;
    const left = isTrial ? [] : [...(await this.#putBack(moves)), ...(await this.#clear(effect))];
    if (!isTrial) {
      for (const { project_id: id } of effect.comes_back)
        await makeOwnDirectory(this.#pathOf(id), this.#around);
      // What could not be put back is tried again by the next one.
      if (aside.length === 0 && !moves.some(({ place }) => left.some(({ path }) => path === place))) {
        await store.journal
          .drop([entry.name])
          .catch((error: unknown) => log.warn({ err: error }, 'cannot forget what was taken back'));
      }
    }
    const backups = await store.backups.list();
    return {
      id: idOf(entry),
      operation,
      at,
      backup: backups.find(({ name }) => name === entry.backup)?.name ?? null,
      effect,
      kept: [...kept],
      directories: moves.map(({ name }) => this.#pathOf(name)),
      missing,
      left,
    };
  }

  /**
   * What is in the trash of an operation, and what is not there any more.
   *
   * @throws {RegistryError} where something else is in the place of what would come back
   */
  async #look(entry: Noted): Promise<Seen> {
    const { store, trash } = this.#around;
    const [moves, missing]: [Move[], Undone['missing']] = [[], []];
    const [aside, lost]: [Move[], string[]] = [[], []];
    const isKept = Date.now() < keptUntil(entry);
    const projects = new Set(removedBy(entry).map(({ project_id: id }) => id));
    for (const name of new Set([...projects, ...entry.directories])) {
      const path = this.#pathOf(name);
      const isHere = store.registry.get(name) !== undefined;
      const [place, there] = [await trash.find(name), await this.#at(path)];
      if (place !== null && there !== 'taken') moves.push({ name, place });
      // One of an entry that is open was not moved: it is what is there.
      else if (place !== null && !entry.open) {
        if (!isHere) throw inTheWay(path);
        aside.push({ name, place });
      } else if (there === 'nothing') {
        if (isKept && entry.directories.includes(name)) lost.push(path);
        if (!isHere && projects.has(name)) missing.push({ path, reason: KEPT_FOR });
      }
    }
    return { moves, missing, aside, lost };
  }

  /** Nothing is put in the place of a link, wherever that leads. */
  async #at(path: string): Promise<'nothing' | 'empty' | 'taken'> {
    try {
      const isEmpty = async (): Promise<boolean> =>
        (await lstat(path)).isDirectory() && (await readdir(path)).length === 0;
      return (await this.#around.lanes.projects.ask(isEmpty)) ? 'empty' : 'taken';
    } catch (error) {
      if (isNothing(error)) return errorCode(error) === 'ENOENT' ? 'nothing' : 'taken';
      throw error;
    }
  }

  /** Returns what stays in the trash. */
  async #putBack(moves: readonly Move[]): Promise<Undone['left']> {
    const { trash, log } = this.#around;
    const left: Undone['left'] = [];
    for (const { name, place } of moves) {
      try {
        await trash.putBack(place, name);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        log.error({ err: error, place }, 'cannot put a directory back');
        const isSystems = errorCode(error) !== undefined || error instanceof NoAnswerError;
        left.push({ path: place, reason: isSystems ? systemReason(error) : error.message });
      }
    }
    return left;
  }

  /**
   * Takes away the directories of what goes, which are those that were made for it: whatever has something in it was
   * there before the operation, or is somebody's. Returns those that stay.
   */
  async #clear({ goes }: Undone['effect']): Promise<Undone['left']> {
    const left: Undone['left'] = [];
    for (const { project_id: id } of goes) {
      const path = this.#pathOf(id);
      try {
        await this.#around.lanes.projects.ask(() => rmdir(path));
      } catch (error) {
        const code = errorCode(error);
        if (code === undefined && !(error instanceof NoAnswerError)) throw error;
        const isFull = code === 'ENOTEMPTY' || code === 'EEXIST';
        if (!isNowhere(error)) left.push({ path, reason: isFull ? NOT_EMPTY : systemReason(error) });
      }
    }
    return left;
  }

  /** The last operation may have been killed before its directories were moved, or before they were put back. */
  async #finish(): Promise<void> {
    const { store, trash } = this.#around;
    const now = timestampOf(Date.now());
    for (const name of await store.journal.names()) {
      const entry = await this.#read(name, now);
      if (!entry) continue;
      if (entry.open) {
        const discarded: Discarded[] = [];
        for (const directory of entry.directories) discarded.push(await trash.discard(directory));
        await noteMoved(this.#around, name, discarded);
      }
      const { moves, aside, lost } = await this.#look(entry);
      const isBack = ({ name: id }: Move): boolean => store.registry.get(id) !== undefined;
      const left = await this.#putBack(moves.filter(isBack));
      // Of a content that is not the file's it cannot be told what is left to be taken back.
      if (store.problem || left.length > 0 || moves.some((move) => !isBack(move))) return;
      if (lost.length > 0 || this.#isLeft(entry, now)) return;
      if (aside.length > 0) continue;
      await store.journal.drop([name]);
    }
  }

  /** Whether there is something to take back in the registry, or would be. */
  #isLeft(entry: Noted, now: string): boolean {
    const { store, leased } = this.#around;
    try {
      return !takesNothingBack(takeBack(new Draft(store.registry), entry, now, leased));
    } catch (error) {
      if (error instanceof RegistryError) return true;
      throw error;
    }
  }

  #pathOf(name: string): string {
    return join(this.#around.paths.projectsDir, name);
  }
}

/** A number is given out again once an entry is gone, but not at the same time. */
function idOf({ name, at }: Noted): string {
  return `${Number.parseInt(name, 10)}-${at}`;
}

/** Milliseconds since 1970; not a number for a time that a person has spoilt. */
function keptUntil({ at }: Noted): number {
  return Date.parse(at) + KEPT_MS;
}
