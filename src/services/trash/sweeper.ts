/** What has been kept in the trash for long enough is deleted for good: one file after the other, and nobody waits. */
import { readdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { doomedName, isDoomed, isKept } from '../../domain/values/trash-names.ts';
import type { Logger } from '../../log.ts';
import { trashWithin } from '../../paths.ts';
import { isMissing, systemReason } from '../../system/errors.ts';
import { readSmallFile, UnfitFile } from '../../system/small-file.ts';
import { stagedFor, stagedName } from '../../system/staged.ts';
import type { Lane } from '../lane.ts';
import { sharedRun } from '../shared-run.ts';
import { Ages, type Clock } from './ages.ts';
import { deleteTree, MountedError } from './delete-tree.ts';
import type { OpenDirectory } from './open-directory.ts';
import { freshName, inTrash, type Places } from './place.ts';

/** How often a daemon that runs looks for what has been kept for long enough. Milliseconds. */
const LOOK_EVERY_MS = 60 * 60 * 1000;
/** Beside what is kept: for how long it has been. */
const AGES = 'ages.json';
/** Some tens of bytes for each. */
const MAX_AGES_BYTES = 16 * 1024 * 1024;

/** What could not be deleted, and why. */
export interface Left {
  readonly path: string;
  readonly reason: string;
}

interface Surroundings {
  readonly paths: Places;
  /** Of the disk with the projects' directories. */
  readonly lane: Lane;
  readonly log: Logger;
  /** Default the machine's. */
  readonly clock?: Clock | undefined;
}

const MACHINE: Clock = { now: () => Date.now(), uptime: () => uptime() * 1000 };

export class Sweeper {
  readonly #around: Surroundings;
  readonly #clock: Clock;
  readonly #ages = new Map<string, Ages>();
  /** By path: why it cannot be deleted, and the place in it that cannot. */
  readonly undeleted = new Map<string, { readonly reason: string; readonly at: string }>();
  /** One deletion after the other. */
  #work: Promise<unknown>;
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  /** @param ready what has to be done before the first look, which goes on with what an earlier daemon has begun */
  constructor(around: Surroundings, ready: Promise<unknown>) {
    this.#around = around;
    this.#clock = around.clock ?? MACHINE;
    this.#work = ready;
    this.#timer = setInterval(() => void this.sweep(), LOOK_EVERY_MS).unref();
    void this.sweep();
  }

  /** Looks now, also so that the time of what is new is counted from now, and deletes what is due. Never rejects. */
  readonly sweep = sharedRun(() => this.#queued(() => this.#sweepNow()));

  /** Deletes what is due and could not be deleted. Never rejects. @returns what stays */
  delete(path: string): Promise<Left | null> {
    return this.#queued(() => this.#deleteNow(path));
  }

  /** Ends a deletion after the file that is being deleted; the next daemon goes on. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  #queued<T>(task: () => Promise<T>): Promise<T> {
    const work = this.#work.then(task);
    this.#work = work;
    return work;
  }

  async #sweepNow(): Promise<void> {
    const { paths, lane, log } = this.#around;
    for (const directory of [paths.trashDir, trashWithin(paths.projectsDir)]) {
      if (this.#closed) return;
      try {
        const due = await lane.ask(() => inTrash(directory, paths, (trash) => this.#look(directory, trash)));
        for (const name of due) await this.#deleteNow(join(directory, name));
      } catch (error) {
        if (!isMissing(error)) log.warn({ err: error, path: directory }, 'cannot look into the trash');
      }
    }
  }

  /** @returns the names of what is to be deleted */
  async #look(directory: string, trash: OpenDirectory): Promise<string[]> {
    const names = await readdir(trash.at('.'));
    const kept = names.filter(isKept);
    const doomed = names.filter(isDoomed);
    // It is whole under its name, or nobody gets it back.
    const doom = async (name: string): Promise<void> => {
      await rename(trash.at(name), trash.at(doomedName(name)));
      doomed.push(doomedName(name));
    };
    for (const name of names) if (stagedFor(name) === AGES) await unlink(trash.at(name));
    const ages = this.#ages.get(directory) ?? new Ages(await readAges(trash));
    this.#ages.set(directory, ages);
    const due = ages.look(kept, this.#clock);
    for (const name of due) await doom(name);
    if (kept.length > due.length) await this.#note(trash, ages);
    else if (names.includes(AGES)) await rm(trash.at(AGES), { force: true });
    return doomed;
  }

  /** A full disk must not keep anything from being deleted: what cannot be noted is known as long as this daemon runs. */
  async #note(trash: OpenDirectory, ages: Ages): Promise<void> {
    const staged = trash.at(stagedName(AGES));
    try {
      await writeFile(staged, String(ages), { flag: 'wx', mode: 0o600 });
      await rename(staged, trash.at(AGES));
    } catch (error) {
      this.#around.log.warn({ err: error }, 'cannot note how long the trash has been kept');
      await rm(staged, { force: true });
    }
  }

  /** Never throws. */
  async #deleteNow(path: string): Promise<Left | null> {
    const { paths, log } = this.#around;
    const [directory, name] = [dirname(path), basename(path)];
    const leave = (error: unknown, left = path, within = ''): Left => {
      const at = join(left, within);
      const why = error instanceof MountedError ? error.message : systemReason(error);
      const reason = `${why}${within && ` (${within})`}`;
      if (this.undeleted.get(left)?.reason !== reason)
        log.error({ err: error, path: at }, 'cannot delete what was removed');
      this.undeleted.set(left, { reason, at });
      return { path: left, reason };
    };
    try {
      const deeper = (): string => doomedName(freshName('deep'));
      const left = await inTrash(directory, paths, (trash) =>
        deleteTree(trash, name, deeper, () => this.#closed),
      );
      if (left === 'stopped') return null;
      if (left) return leave(left.error, join(directory, left.name), left.inside);
      this.undeleted.delete(path);
      return null;
    } catch (error) {
      return leave(error);
    }
  }
}

async function readAges(trash: OpenDirectory): Promise<string | undefined> {
  try {
    return await readSmallFile(trash.at(AGES), MAX_AGES_BYTES);
  } catch (error) {
    if (error instanceof UnfitFile) return undefined;
    throw error;
  }
}
