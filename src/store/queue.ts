/** One writer: jobs that share a write, and tasks that have the file to themselves, one after the other. */

/** A change that waits for its batch. */
export interface Job<D> {
  /** Applies the change to a draft, if it can be. */
  run(draft: D, now: string): Outcome;
  reject(error: unknown): void;
}

/** What came of a change in a draft. */
export interface Outcome {
  /** The change was made in the draft; to be called when that has become the committed state. Null for one refused. */
  readonly applied: (() => void) | null;
  /** Tells the caller how it went, once that is durable. */
  answer(): void;
}

export class Queue<D> {
  readonly #commit: (jobs: readonly Job<D>[]) => Promise<void>;
  readonly #describe: (error: unknown) => unknown;
  readonly #jobs: Job<D>[] = [];
  readonly #tasks: (() => Promise<void>)[] = [];
  #running: Promise<void> | null = null;

  /**
   * @param commit carries out a batch and settles its jobs; when it throws, all of them are rejected
   * @param describe what the caller is told of an error
   */
  constructor(commit: (jobs: readonly Job<D>[]) => Promise<void>, describe: (error: unknown) => unknown) {
    this.#commit = commit;
    this.#describe = describe;
  }

  add(job: Job<D>): void {
    this.#jobs.push(job);
    this.#wake();
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
