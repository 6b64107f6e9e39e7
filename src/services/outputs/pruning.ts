/** Outputs that are not needed any more: they go to the trash, one after the other, and what is in service stays. */
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Project } from '../../domain/project.ts';
import type { RegistryView } from '../../domain/registry.ts';
import { type Ended, sizeOf } from '../../domain/training/history.ts';
import { tokenOf, TRAINER_LOG, TRAININGS } from '../../domain/training/output.ts';
import { isLeaseRecorded } from '../../domain/training/record.ts';
import { type Known, olderOf, type Surplus, surplusOf } from '../../domain/training/surplus.ts';
import type { Paths } from '../../paths.ts';
import type { Store } from '../../store/store.ts';
import { errorCode, isNowhere } from '../../system/errors.ts';
import type { Lanes } from '../lane.ts';
import { inDirectory, type OpenDirectory } from '../trash/open-directory.ts';
import type { Left } from '../trash/sweeper.ts';
import type { Trash } from '../trash/trash.ts';
import type { Gone } from './gone.ts';
import type { History } from './history.ts';
import { putBack, takeOut, waitingFor } from './kept-logs.ts';
import { bytesIn } from './measure.ts';
import { Pointers, realOf } from './pointers.ts';

interface Place {
  readonly paths: Pick<Paths, 'projectsDir'>;
  readonly lanes: Lanes;
  readonly store: Pick<Store, 'registry'>;
  readonly trash: Pick<Trash, 'discardWithin'>;
  readonly history: History;
  readonly gone: Gone;
  /** Whether to stop before the next one. */
  isClosed(): boolean;
}

/** What has gone of a project. */
export interface Pruned {
  readonly tokens: number[];
  readonly bytes: number;
  /** What could not. */
  readonly left: Left[];
}

export class Pruning {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  /**
   * Removes outputs with nothing in them of trainings that have just ended, before anything is written down of these.
   *
   * @throws the system's error
   */
  async sweep(id: string, tokens: readonly number[]): Promise<void> {
    const { paths, lanes } = this.#place;
    const pointers = new Pointers(paths.projectsDir, lanes);
    for (const token of tokens) {
      const isNeeded = await this.#needed(id, token, pointers);
      if (await this.#removeEmpty(id, token, isNeeded)) this.#empty(id, token);
    }
  }

  /**
   * Takes away what is not needed of a project, and measures what has not been.
   *
   * @param before what ended earlier goes, as ISO 8601; default what the last trainings have made superfluous
   * @param isTrial only tells; default false
   * @throws the system's error where its outputs cannot be looked at
   */
  async prune(
    { project_id: id }: Project,
    history: readonly Ended[],
    before?: string,
    isTrial = false,
  ): Promise<Pruned> {
    const { paths, lanes, store } = this.#place;
    const own = join(paths.projectsDir, id);
    const tokens = await this.#tokens(id, isTrial);
    const live = liveToken(store.registry, id);
    const sizes = await this.#measure(own, id, tokens, history, live);
    const sized = history.map((ended) => ({ ...ended, bytes: sizes.get(ended.token) ?? ended.bytes }));
    const known: Known = { own, tokens, history: sized, live };
    const chosen = before === undefined ? surplusOf(known) : olderOf(known, before);
    const pruned = { tokens: [] as number[], bytes: 0, left: [] as Left[] };
    if (chosen.length === 0) return pruned;
    const pointers = new Pointers(paths.projectsDir, lanes);
    await pointers.look(store.registry, id);
    for (const one of chosen) {
      if (this.#place.isClosed()) break;
      const left = await this.#discard(id, one, await this.#needed(id, one.token, pointers), isTrial);
      if (left === 'needed') continue;
      if (left !== null) pruned.left.push(left);
      else {
        pruned.tokens.push(one.token);
        pruned.bytes += sized.find(({ token }) => token === one.token)?.bytes ?? 0;
      }
    }
    return pruned;
  }

  /** The outputs that there are, once a killed daemon's work is finished. */
  async #tokens(id: string, isTrial: boolean): Promise<number[]> {
    return await this.#within(id, async (trainings) => {
      const names: string[] = [];
      for await (const { name } of trainings.entries()) names.push(name);
      const waiting = names.map(waitingFor).filter((token) => token !== null);
      if (!isTrial) for (const token of waiting) await putBack(trainings, token);
      const found = [...names.map(tokenOf), ...waiting].filter((token) => token !== null && token > 0);
      return [...new Set(found)] as number[];
    }).catch((error: unknown) => {
      if (isNowhere(error) || errorCode(error) === 'ELOOP') return [];
      throw error;
    });
  }

  /** Sizes of what has ended, that are not known; keeps them. */
  async #measure(
    own: string,
    id: string,
    tokens: readonly number[],
    history: readonly Ended[],
    live: number | null,
  ): Promise<Map<number, number>> {
    const sizes = new Map<number, number>();
    for (const ended of history) {
      const { token } = ended;
      if (ended.bytes !== null || token === 0 || token === live || this.#place.isClosed()) continue;
      const isThere = tokens.includes(token);
      const directory = join(own, TRAININGS, String(token));
      const found = isThere ? await bytesIn(directory, TRAINER_LOG, this.#place.lanes.chores) : 0;
      const bytes = sizeOf(own, ended, found);
      if (bytes === null) continue;
      sizes.set(token, bytes);
      this.#place.history.measured(id, token, bytes);
    }
    return sizes;
  }

  /** What stays of it: null for nothing. */
  async #discard(
    id: string,
    { token, keepsLog }: Surplus,
    isNeeded: (registry: RegistryView) => boolean,
    isTrial: boolean,
  ): Promise<Left | 'needed' | null> {
    const { store, trash, gone } = this.#place;
    if (isNeeded(store.registry)) return 'needed';
    if (isTrial) return null;
    if (await this.#removeEmpty(id, token, isNeeded)) {
      this.#empty(id, token);
      return null;
    }
    const directory = this.#directory(id, token);
    let isKept = false;
    if (keepsLog) await this.#within(id, (trainings) => takeOut(trainings, token));
    try {
      const { place, left } = await trash.discardWithin(id, [TRAININGS, String(token)], (registry) => {
        isKept = isNeeded(registry);
        // Whoever would bring it back into service from here on is refused.
        if (!isKept) gone.add(directory);
        return isKept;
      });
      if (isKept) return 'needed';
      if (place === null && left !== null) {
        gone.delete(directory);
        return left;
      }
    } finally {
      if (keepsLog) await this.#within(id, (trainings) => putBack(trainings, token));
    }
    this.#empty(id, token);
    return null;
  }

  /** Whether there was an output with nothing in it, which is gone now. */
  async #removeEmpty(
    id: string,
    token: number,
    isNeeded: (registry: RegistryView) => boolean,
  ): Promise<boolean> {
    const { store, gone } = this.#place;
    const directory = this.#directory(id, token);
    if (isNeeded(store.registry)) return false;
    gone.add(directory);
    try {
      await this.#within(id, (trainings) => rmdir(trainings.at(String(token))));
      return true;
    } catch (error) {
      gone.delete(directory);
      // Not empty, no directory, or not there: whatever it is, it is looked at later.
      if (errorCode(error) === undefined) throw error;
      return false;
    }
  }

  #empty(id: string, token: number): void {
    this.#place.history.measured(id, token, 0);
  }

  /** Asked while no change can come between: whether an output has to stay. */
  async #needed(id: string, token: number, pointers: Pointers): Promise<(registry: RegistryView) => boolean> {
    const directory = this.#directory(id, token);
    const real = await realOf(join(directory, '..'), this.#place.lanes.projects);
    return (registry) =>
      !registry.get(id) ||
      liveToken(registry, id) === token ||
      real == null ||
      pointers.pointTo(registry, directory, join(real, String(token)));
  }

  #within<T>(id: string, task: (trainings: OpenDirectory) => Promise<T>): Promise<T> {
    const { paths, lanes } = this.#place;
    return lanes.projects.ask(() => inDirectory(join(paths.projectsDir, id, TRAININGS), task));
  }

  #directory(id: string, token: number): string {
    return join(this.#place.paths.projectsDir, id, TRAININGS, String(token));
  }
}

function liveToken(registry: RegistryView, id: string): number | null {
  const project = registry.get(id);
  return project && isLeaseRecorded(project) ? (project.training?.token ?? null) : null;
}
