/** Who takes a lease: on a project that they name, or on the one that has waited longest. Both may wait here for it. */
import { findProject, tryToFind } from '../../domain/places/references.ts';
import type { Project } from '../../domain/project.ts';
import type { RegistryView } from '../../domain/registry.ts';
import { allWaiting, nextWaiting } from '../../domain/training/waiting.ts';
import type { Logger } from '../../log.ts';
import type { Given } from '../../protocol/methods.ts';
import type { Store } from '../../store/store.ts';
import type { Turns } from '../../system/turns.ts';
import type { Context } from '../call.ts';
import type { Beginnings } from './beginnings.ts';
import type { Begun } from './changes.ts';
import { slotTaken } from './errors.ts';
import type { Leases } from './leases.ts';
import { type Named, WaitingTrainers, type Wanted } from './waiting.ts';

/** What is added to the parameters of `training.begin`. */
interface Prepared {
  /** The projects whose outputs have been looked at. */
  readonly known?: Set<string>;
}

interface Parts {
  readonly store: Store;
  readonly leases: Leases;
  readonly beginnings: Beginnings;
  readonly turns: Turns;
  readonly log: Logger;
}

export class Takers {
  readonly #parts: Parts;
  readonly #waiting: WaitingTrainers<Begun>;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { store, leases, turns, log } = parts;
    this.#waiting = new WaitingTrainers(
      () => allWaiting(store.registry.projects(), this.#isFree),
      turns,
      (error) => log.error({ err: error }, 'cannot hand out what waits for training'),
      () => leases.slots(),
    );
  }

  /** Before the change is queued, so that the changes of a batch stay in their order. */
  async prepareBegin(params: Given<'training.begin'>): Promise<Given<'training.begin'> & Prepared> {
    // Who wants a slot takes a place in the queue as they come, however long the disk takes.
    if (params.slot !== undefined) return params;
    return { ...params, known: await this.#look(tryToFind(this.#parts.store.registry, params.project)) };
  }

  async begin(params: Given<'training.begin'> & Prepared, context: Context): Promise<Begun> {
    const { beginnings, store } = this.#parts;
    const { project: reference, known, slot, wait_ms: ms = 0, ...terms } = params;
    const choose = (view: RegistryView): Project => findProject(view, reference);
    // There is always a project to begin with, or an error.
    if (slot === undefined)
      return (await beginnings.begin(terms, context, choose, known ?? new Set())) as Begun;
    const find = (): Project | undefined => tryToFind(store.registry, reference);
    const named = (): Named => {
      const id = find()?.project_id;
      return { id, isOutOfReach: id === undefined || !(terms.force || this.#isFree(id)) };
    };
    const attempt = async (free: string | null): Promise<Begun | null> =>
      await beginnings.begin({ ...terms, slot: free }, context, choose, await this.#look(find()));
    const slots = [slot].flat();
    const begun = await this.#wait({ named, slots, ms, attempt }, context);
    if (begun === null) throw this.#slotTaken(slots);
    return begun;
  }

  /** Begins a lease on the project that has waited longest; null when there is none. */
  async claim(params: Given<'training.claim'>, context: Context): Promise<Begun | null> {
    const { beginnings, store } = this.#parts;
    const { languages, tags, wait_ms: ms = 0, slot, ...terms } = params;
    const filter = { languages, tags };
    const choose = (view: RegistryView): Project | null => nextWaiting(view, filter, this.#isFree);
    const attempt = async (free: string | null | undefined): Promise<Begun | null> =>
      await beginnings.begin(
        { ...terms, slot: free },
        context,
        choose,
        await this.#look(choose(store.registry)),
      );
    if (slot !== undefined) {
      const slots = [slot].flat();
      const begun = await this.#wait({ filter, slots, ms, attempt }, context);
      if (begun === null && choose(store.registry)) throw this.#slotTaken(slots);
      return begun;
    }
    // Most of the time there is nothing, and the queue need not be bothered.
    const begun = choose(store.registry) ? await attempt(undefined) : null;
    if (begun !== null || ms === 0) return begun;
    return await this.#wait({ filter, ms, attempt: () => attempt(undefined) }, context);
  }

  #wait(
    wanted: Omit<Wanted<Begun>, 'peer' | 'isNeeded'>,
    { connection, parks }: Context,
  ): Promise<Begun | null> {
    if (wanted.ms > 0) parks();
    // A peer that will ask nothing more could do nothing with a lease.
    return this.#waiting.wait({ ...wanted, peer: connection, isNeeded: () => !connection.ended });
  }

  /** See {@link WaitingTrainers.changed}. */
  changed(): void {
    this.#waiting.changed();
  }

  /** See {@link WaitingTrainers.close}. */
  close(): void {
    this.#waiting.close();
  }

  /** Looks at the outputs of the project that is likely to be begun on. */
  async #look(project: Project | null | undefined): Promise<Set<string>> {
    const known = new Set<string>();
    if (project) await this.#parts.beginnings.readTokens(project.project_id, known);
    return known;
  }

  readonly #isFree = (id: string): boolean => this.#parts.leases.isFree(id);

  #slotTaken(slots: readonly string[]): Error {
    const { leases, store } = this.#parts;
    return slotTaken(slots, leases.slots(), store.registry);
  }
}
