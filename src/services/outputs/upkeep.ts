/** What is done about a training after it has ended, when nobody waits for it: one project after the other. */
import type { Commit } from '../../store/state.ts';
import type { History } from './history.ts';

export class Upkeep {
  readonly #history: History;
  readonly #waiting = new Set<string>();
  #work: Promise<void> | null = null;

  constructor(history: History) {
    this.#history = history;
  }

  /** The registry has changed. */
  committed({ changes }: Commit): void {
    for (const change of changes)
      if ('id' in change && this.#history.committed(change)) this.#waiting.add(change.id);
    if (this.#waiting.size > 0) this.#work ??= this.#run();
  }

  /** Resolves when what has ended is written down, as far as a disk takes it. */
  async close(): Promise<void> {
    for (const id of this.#history.unwritten) this.#waiting.add(id);
    await (this.#work ??= this.#run());
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    // After what is done at once for whoever made the change.
    await new Promise((resolve) => setImmediate(resolve));
    // What could not be written is tried again with the next.
    for (const id of this.#history.unwritten) this.#waiting.add(id);
    for (const id of this.#waiting) {
      this.#waiting.delete(id);
      await this.#history.write(id);
    }
    this.#work = null;
  }
}
