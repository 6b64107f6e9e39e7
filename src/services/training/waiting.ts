/**
 * Trainers that wait for a project. Whenever something has changed it is looked up once what waits for training, and
 * handed out: first come, first served. A thousand that wait cost little more than one.
 */
import type { Project } from '../../domain/project.ts';
import { type Filter, fits } from '../../domain/training/waiting.ts';
import type { Turns } from '../../system/turns.ts';
import { cannotWait } from './errors.ts';

export interface Wanted<T> {
  readonly filter: Filter;
  /** How long to wait, in milliseconds. */
  readonly ms: number;
  /** Whether the trainer would still take a project. */
  readonly isNeeded: () => boolean;
  /** Tries to begin on one; null when another was faster. */
  readonly attempt: () => Promise<T | null>;
}

interface Waiter<T> extends Wanted<T> {
  /** Those of one key want the same. */
  readonly key: string;
  readonly timer: NodeJS.Timeout;
  isTrying: boolean;
  isOverdue: boolean;
  resolve(begun: T | null): void;
  reject(error: unknown): void;
}

export class WaitingTrainers<T> {
  readonly #projects: () => readonly Project[];
  readonly #turns: Turns;
  readonly #failed: (error: unknown) => void;
  /** In the order in which they came. */
  readonly #waiters = new Set<Waiter<T>>();
  /** Handed out, and not begun yet. */
  readonly #tried = new Set<string>();
  #isRunning = false;
  #isStale = false;
  #isClosed = false;

  /**
   * @param projects those that wait for training and are free, first the one that has waited longest
   * @param failed called when something threw that should not have
   */
  constructor(projects: () => readonly Project[], turns: Turns, failed: (error: unknown) => void) {
    this.#projects = projects;
    this.#turns = turns;
    this.#failed = failed;
  }

  /**
   * Resolves with what the trainer has begun, or with null when the time is up or it needs nothing any more.
   *
   * @throws {RegistryError} `shutting_down`, and what the attempt throws
   */
  wait(wanted: Wanted<T>): Promise<T | null> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiter.isOverdue = true;
        if (!waiter.isTrying) this.#leave(waiter).resolve(null);
      }, wanted.ms);
      const key = JSON.stringify(wanted.filter);
      const waiter: Waiter<T> = { ...wanted, key, timer, isTrying: false, isOverdue: false, resolve, reject };
      this.#waiters.add(waiter);
      this.changed();
    });
  }

  /** Something has changed that may have made a project free, or the wait of a trainer needless. */
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
    const projects = new Set(this.#projects().filter(({ project_id: id }) => !this.#tried.has(id)));
    const hopeless = new Set<string>();
    for (const waiter of this.#waiters) {
      if (projects.size === 0) return;
      if (waiter.isTrying || hopeless.has(waiter.key)) continue;
      if (this.#turns.isOver) await this.#turns.next();
      const project = first(projects, waiter.filter);
      if (!project) hopeless.add(waiter.key);
      else if (this.#waiters.has(waiter)) {
        projects.delete(project);
        this.#try(waiter, project.project_id);
      }
    }
  }

  #try(waiter: Waiter<T>, id: string): void {
    waiter.isTrying = true;
    this.#tried.add(id);
    waiter
      .attempt()
      .finally(() => {
        waiter.isTrying = false;
        this.#tried.delete(id);
      })
      .then(
        (begun) => {
          if (begun !== null || waiter.isOverdue) this.#leave(waiter).resolve(begun);
          // What another was faster with has changed by now, and was told, perhaps while this one was trying.
          else this.changed();
        },
        (error: unknown) => this.#leave(waiter).reject(error),
      );
  }

  /** Has a trainer wait no longer; returns it, to be told why. */
  #leave(waiter: Waiter<T>): Waiter<T> {
    clearTimeout(waiter.timer);
    this.#waiters.delete(waiter);
    return waiter;
  }
}

function first(projects: Iterable<Project>, filter: Filter): Project | undefined {
  for (const project of projects) if (fits(project, filter)) return project;
  return undefined;
}
