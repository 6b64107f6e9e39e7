/**
 * Trainers that wait for a project, a slot or both. Whenever something has changed it is looked up once what waits for
 * training and which slots are taken, and handed out: first come, first served. A thousand that wait cost little more
 * than one.
 */
import type { Project } from '../../domain/project.ts';
import { type Filter, fits } from '../../domain/training/waiting.ts';
import type { Turns } from '../../system/turns.ts';
import { cannotWait } from './errors.ts';

/**
 * Who waits for longer than one call asks again and again. For so long after the end of a call its place is kept, and what
 * comes to it meanwhile; milliseconds.
 */
const PLACE_KEPT_MS = 2_000;

export interface Wanted<T> {
  /** What the trainer can train; default the project that it has named. */
  readonly filter?: Filter;
  /** How it stands with that. */
  readonly named?: () => Named;
  /** The slots that would do, the best first; default it needs none. */
  readonly slots?: readonly string[];
  /** How long to wait, in milliseconds. */
  readonly ms: number;
  /** Who waits; a place is kept for whoever comes again. */
  readonly peer?: object;
  /** Whether the trainer would still take a project. */
  readonly isNeeded: () => boolean;
  /**
   * Tries to begin on one; null when another was faster.
   *
   * @param slot that is free for it; null for none
   */
  readonly attempt: (slot: string | null) => Promise<T | null>;
}

/** A project that a trainer has named. */
export interface Named {
  readonly id: string | undefined;
  /** It is not known or somebody else's: to try is to be told so. */
  readonly isOutOfReach: boolean;
}

interface Waiter<T> extends Wanted<T> {
  /** Those of one key want the same. */
  readonly key: string;
  timer: NodeJS.Timeout | undefined;
  isTrying: boolean;
  isOverdue: boolean;
  /** Only its place is kept. */
  isAway: boolean;
  resolve(begun: T | null): void;
  reject(error: unknown): void;
}

/** What there is to hand out. */
interface Stock {
  readonly projects: Set<Project>;
  /** Whose lease has which slot; null for a slot that was handed out. */
  readonly taken: Map<string, Owner | null>;
}

interface Owner {
  readonly projectId: string;
}

export class WaitingTrainers<T> {
  readonly #projects: () => readonly Project[];
  readonly #taken: () => ReadonlyMap<string, Owner>;
  readonly #turns: Turns;
  readonly #failed: (error: unknown) => void;
  /** In the order in which they came. */
  readonly #waiters = new Set<Waiter<T>>();
  /** Handed out, and not begun yet. */
  readonly #tried = { projects: new Set<string>(), slots: new Set<string>() };
  #isRunning = false;
  #isStale = false;
  #isClosed = false;

  /**
   * @param projects those that wait for training and are free, first the one that has waited longest
   * @param failed called when something threw that should not have
   * @param taken the leases that have slots, by these; default none
   */
  constructor(
    projects: () => readonly Project[],
    turns: Turns,
    failed: (error: unknown) => void,
    taken: () => ReadonlyMap<string, Owner> = () => new Map(),
  ) {
    this.#projects = projects;
    this.#turns = turns;
    this.#failed = failed;
    this.#taken = taken;
  }

  /**
   * Resolves with what the trainer has begun, or with null when the time is up or it needs nothing any more.
   *
   * @throws {RegistryError} `shutting_down`, and what the attempt throws
   */
  wait(wanted: Wanted<T>): Promise<T | null> {
    return new Promise((resolve, reject) => {
      const { filter, named, slots, ms, peer } = wanted;
      const key = JSON.stringify([filter, named?.().id, slots]);
      const isHere = { key, timer: undefined, isTrying: false, isOverdue: ms === 0, isAway: false };
      const fresh: Waiter<T> = { ...wanted, ...isHere, resolve, reject };
      const isSame = (other: Waiter<T>): boolean => other.isAway && other.peer === peer && other.key === key;
      const kept = [...this.#waiters].find(isSame);
      clearTimeout(kept?.timer);
      const waiter = kept ? Object.assign(kept, fresh) : fresh;
      if (ms > 0) waiter.timer = setTimeout(() => this.#expire(waiter), ms);
      this.#waiters.add(waiter);
      this.changed();
    });
  }

  /** Something has changed that may have made a project or a slot free, or the wait of a trainer needless. */
  changed(): void {
    this.#isStale = true;
    if (this.#isRunning || this.#waiters.size === 0) return;
    this.#isRunning = true;
    // Once for all that changes in this turn of the event loop.
    setImmediate(() => {
      this.#run()
        .catch(this.#failed)
        .finally(() => {
          this.#isRunning = false;
          if (this.#isStale) this.changed();
        });
    });
  }

  /** Nothing is handed out any more: whoever waits is told so. */
  close(): void {
    this.#isClosed = true;
    this.changed();
  }

  async #run(): Promise<void> {
    while (this.#isStale && this.#waiters.size > 0) {
      this.#isStale = false;
      this.#dismiss();
      if (this.#waiters.size > 0) await this.#handOut();
    }
    this.#isStale = false;
  }

  /** Lets those go that need not or cannot wait any longer. */
  #dismiss(): void {
    for (const waiter of this.#waiters) {
      if (waiter.isTrying) continue;
      if (!waiter.isNeeded()) this.#leave(waiter).resolve(null);
      else if (this.#isClosed) this.#leave(waiter).reject(cannotWait());
    }
  }

  async #handOut(): Promise<void> {
    const stock = this.#stock();
    const hopeless = new Set<string>();
    for (const waiter of this.#waiters) {
      if (waiter.isTrying || (hopeless.has(waiter.key) && !waiter.isOverdue)) continue;
      if (this.#turns.isOver) await this.#turns.next();
      // It may have left meanwhile.
      if (!this.#waiters.has(waiter)) continue;
      const named = waiter.named?.();
      const slot = waiter.slots?.find((name) => isFree(stock, name, named)) ?? null;
      const project = waiter.filter && first(stock.projects, waiter.filter);
      const isServed = (slot !== null || !waiter.slots) && (project !== undefined || !waiter.filter);
      if (isServed) {
        if (project) stock.projects.delete(project);
        if (slot !== null) stock.taken.set(slot, null);
      } else if (waiter.filter) hopeless.add(waiter.key);
      if (waiter.isAway) continue;
      if (isServed || named?.isOutOfReach) this.#try(waiter, project?.project_id, slot);
      // What has become free since is another round's, and counts for it, too.
      else if (waiter.isOverdue && !this.#isStale) this.#leave(waiter).resolve(null);
    }
  }

  #stock(): Stock {
    const { projects, slots } = this.#tried;
    // To look for projects takes longest.
    const areWanted = [...this.#waiters].some(({ filter }) => filter);
    const free = areWanted ? this.#projects().filter(({ project_id: id }) => !projects.has(id)) : [];
    const taken = new Map<string, Owner | null>(this.#taken());
    for (const slot of slots) taken.set(slot, null);
    return { projects: new Set(free), taken };
  }

  #try(waiter: Waiter<T>, id: string | undefined, slot: string | null): void {
    const { projects, slots } = this.#tried;
    waiter.isTrying = true;
    if (id !== undefined) projects.add(id);
    if (slot !== null) slots.add(slot);
    waiter
      .attempt(slot)
      .finally(() => {
        waiter.isTrying = false;
        if (id !== undefined) projects.delete(id);
        if (slot !== null) slots.delete(slot);
        // Where it has not been begun, the slot is another's.
        if (slot !== null) this.changed();
      })
      .then(
        (begun) => {
          if (begun !== null) this.#leave(waiter).resolve(begun);
          else if (waiter.isOverdue) this.#expire(waiter);
          // What another was faster with has changed by now, and was told, perhaps while this one was trying.
          else this.changed();
        },
        (error: unknown) => this.#leave(waiter).reject(error),
      );
  }

  /** The time of a trainer is up. */
  #expire(waiter: Waiter<T>): void {
    waiter.isOverdue = true;
    if (waiter.isTrying) return;
    if (!waiter.slots || waiter.ms === 0) return this.#leave(waiter).resolve(null);
    waiter.isAway = true;
    waiter.timer = setTimeout(() => {
      this.#leave(waiter);
      this.changed();
    }, PLACE_KEPT_MS);
    waiter.resolve(null);
  }

  /** Has a trainer wait no longer; returns it, to be told why. */
  #leave(waiter: Waiter<T>): Waiter<T> {
    clearTimeout(waiter.timer);
    this.#waiters.delete(waiter);
    return waiter;
  }
}

/** Whether nobody has a slot but the lease that the trainer would take the place of. */
function isFree({ taken }: Stock, slot: string, named: Named | undefined): boolean {
  const owner = taken.get(slot);
  return owner === undefined || (owner !== null && owner.projectId === named?.id);
}

function first(projects: Iterable<Project>, filter: Filter): Project | undefined {
  for (const project of projects) if (fits(project, filter)) return project;
  return undefined;
}
