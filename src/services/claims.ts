/**
 * Those who wait for a project to train. Whenever something has changed it is looked up once what waits for training,
 * and handed out: first come, first served. A thousand that wait cost little more than one.
 */
import { RegistryError } from '../domain/errors.ts';
import type { Project } from '../domain/project.ts';
import { type Filter, fits } from '../domain/training/training.ts';
import type { Turns } from '../system/turns.ts';

export interface Claim<T> {
  readonly filter: Filter;
  /** How long to wait, in milliseconds. */
  readonly ms: number;
  /** Whether anybody would still take a project. */
  isNeeded(): boolean;
  /** Tries to begin on one; null when another was faster. */
  attempt(): Promise<T | null>;
}

interface Waiter {
  readonly filter: Filter;
  /** Claims of one key want the same. */
  readonly key: string;
  readonly timer: NodeJS.Timeout;
  isTrying: boolean;
  isOverdue: boolean;
  isNeeded(): boolean;
  /** Resolves with whether it has begun on one. */
  attempt(): Promise<boolean>;
  resolve(): void;
  reject(error: unknown): void;
}

export interface ClaimsOptions {
  /** The projects that wait for training and are free, those that have waited longest first. */
  readonly waiting: () => readonly Project[];
  readonly isDraining: () => boolean;
  readonly turns: Turns;
  /** Something threw that should not have. */
  readonly failed: (error: unknown) => void;
}

export class Claims {
  readonly #options: ClaimsOptions;
  /** In the order in which they came. */
  readonly #waiters = new Set<Waiter>();
  /** Handed out, and not begun yet. */
  readonly #tried = new Set<string>();
  #isRunning = false;
  #isStale = false;

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /**
   * Resolves with what a claim has begun, or with null when the time is up or nobody needs it any more.
   *
   * @throws {RegistryError} `shutting_down`, and what the attempt throws
   */
  wait<T>(claim: Claim<T>): Promise<T | null> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiter.isOverdue = true;
        if (!waiter.isTrying) this.#leave(waiter);
      }, claim.ms);
      let begun: T | null = null;
      const waiter: Waiter = {
        filter: claim.filter,
        key: JSON.stringify(claim.filter),
        timer,
        isTrying: false,
        isOverdue: false,
        isNeeded: () => claim.isNeeded(),
        attempt: async () => {
          begun = await claim.attempt();
          return begun !== null;
        },
        resolve: () => resolve(begun),
        reject,
      };
      this.#waiters.add(waiter);
      this.changed();
    });
  }

  /** Something has changed that may have made a project free, or a claim needless. */
  changed(): void {
    this.#isStale = true;
    if (this.#isRunning || this.#waiters.size === 0) return;
    this.#isRunning = true;
    // Once for all that changes in this turn of the event loop.
    setImmediate(() => {
      this.#run()
        .catch(this.#options.failed)
        .finally(() => {
          this.#isRunning = false;
          if (this.#isStale) this.changed();
        });
    });
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
    const isDraining = this.#options.isDraining();
    for (const waiter of this.#waiters) {
      if (waiter.isTrying) continue;
      if (!waiter.isNeeded()) this.#leave(waiter);
      else if (isDraining) this.#refuse(waiter, shuttingDown());
    }
  }

  async #handOut(): Promise<void> {
    const projects = new Set(this.#options.waiting().filter(({ project_id: id }) => !this.#tried.has(id)));
    const hopeless = new Set<string>();
    for (const waiter of this.#waiters) {
      if (projects.size === 0) return;
      if (waiter.isTrying || hopeless.has(waiter.key)) continue;
      if (this.#options.turns.isOver) await this.#options.turns.next();
      const project = first(projects, waiter.filter);
      if (!project) hopeless.add(waiter.key);
      else if (this.#waiters.has(waiter)) {
        projects.delete(project);
        this.#try(waiter, project.project_id);
      }
    }
  }

  #try(waiter: Waiter, id: string): void {
    waiter.isTrying = true;
    this.#tried.add(id);
    waiter
      .attempt()
      .finally(() => {
        waiter.isTrying = false;
        this.#tried.delete(id);
      })
      .then(
        (hasBegun) => {
          if (hasBegun || waiter.isOverdue) this.#leave(waiter);
          // What another was faster with has changed by now, and was told, perhaps while this one was trying.
          else this.changed();
        },
        (error: unknown) => this.#refuse(waiter, error),
      );
  }

  #leave(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    this.#waiters.delete(waiter);
    waiter.resolve();
  }

  #refuse(waiter: Waiter, error: unknown): void {
    clearTimeout(waiter.timer);
    this.#waiters.delete(waiter);
    waiter.reject(error);
  }
}

function first(projects: Iterable<Project>, filter: Filter): Project | undefined {
  for (const project of projects) if (fits(project, filter)) return project;
  return undefined;
}

function shuttingDown(): RegistryError {
  return new RegistryError('shutting_down', 'cannot wait: the daemon is shutting down; try again');
}
