/** One writer: jobs that share a write, and tasks that have the file to themselves, one after the other. */
import { Draft } from '../domain/draft.ts';
import { type Done, doneBy, type Undoable } from '../domain/undo/take-back.ts';
import { requireReadable } from './format/stored-project.ts';

/** A pure change; it may be run again on a newer state, and counts once. */
export type Operation<T> = (draft: Draft, now: string) => T;

/** What is asked for a change that can be taken back. */
export interface UndoOptions {
  readonly operation: Undoable;
  /** Of the directories under `projects/` that it moves to the trash once it is made, the names. Default none. */
  readonly directories?: (done: Done) => readonly string[];
  /** Whether this backup is where the content comes from, and must stay whatever else is kept. Default none is. */
  readonly isSource?: (backup: string) => Promise<boolean>;
  /** Told the entry of the journal, once the change is made. */
  readonly noted?: (entry: string) => void;
}

/** A change that waits for its batch. */
export interface Job {
  readonly undo: UndoOptions | undefined;
  /** Applies the change to a draft, if it can be. */
  run(draft: Draft, now: string): Outcome;
  reject(error: unknown): void;
}

/** What came of a change in a draft. */
export interface Outcome {
  /** The change was made in the draft; to be called when that has become the committed state. Null for one refused. */
  readonly applied: (() => void) | null;
  /** What it did, where it can be taken back. */
  readonly done?: Done | undefined;
  /** Tells the caller how it went, once that is durable. */
  answer(): void;
}

export class Queue {
  readonly #commit: (jobs: readonly Job[]) => Promise<void>;
  readonly #describe: (error: unknown) => unknown;
  readonly #jobs: Job[] = [];
  readonly #tasks: (() => Promise<void>)[] = [];
  #running: Promise<void> | null = null;

  /**
   * @param commit carries out a batch and settles its jobs; when it throws, all of them are rejected
   * @param describe what the caller is told of an error
   */
  constructor(commit: (jobs: readonly Job[]) => Promise<void>, describe: (error: unknown) => unknown) {
    this.#commit = commit;
    this.#describe = describe;
  }

  /** Queues a change, which fails alone when it breaks a rule or would leave what this program could not read again. */
  add<T>(
    operation: Operation<T>,
    applied?: (result: T) => void,
    isTrial = false,
    undo?: UndoOptions,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = (draft: Draft, now: string): Outcome => {
        const step = new Draft(draft);
        try {
          const result = operation(step, now);
          requireReadable(step.changes);
          const done = undo && !isTrial ? doneBy(draft, step) : undefined;
          if (!isTrial) draft.absorb(step);
          return { done, applied: () => applied?.(result), answer: () => resolve(result) };
        } catch (error) {
          return { applied: null, answer: () => reject(error) };
        }
      };
      this.#jobs.push({ run, reject, undo });
      this.#wake();
    });
  }

  /** Queues what has to have the file to itself. */
  alone<T>(task: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#tasks.push(() => task().then(resolve, (error: unknown) => reject(this.#describe(error))));
      this.#wake();
    });
  }

  /** Resolves when nothing is waiting and nothing runs. */
  async drained(): Promise<void> {
    while (this.#running) await this.#running;
  }

  #wake(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      // What came in after the last look at the queue, and before this, found somebody running and woke nobody.
      if (this.#jobs.length > 0 || this.#tasks.length > 0) this.#wake();
    });
  }

  async #run(): Promise<void> {
    while (this.#jobs.length > 0 || this.#tasks.length > 0) {
      // Whatever arrives in the same turn of the event loop shares the write.
      await new Promise((resolve) => setImmediate(resolve));
      for (const task of this.#tasks.splice(0)) await task();
      const batch = this.#jobs.splice(0);
      if (batch.length === 0) continue;
      try {
        await this.#commit(batch);
      } catch (error) {
        const failure = this.#describe(error);
        for (const { reject } of batch) reject(failure);
      }
    }
  }
}
