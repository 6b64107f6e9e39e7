/** What is done about a training after it has ended, when nobody waits for it: one project after the other. */
import type { Logger } from '../../log.ts';
import type { Commit } from '../../store/state.ts';
import type { Store } from '../../store/store.ts';
import type { History } from './history.ts';
import type { Pruning } from './pruning.ts';

interface Parts {
  readonly store: Pick<Store, 'registry'>;
  readonly history: History;
  readonly pruning: Pruning;
  readonly log: Logger;
}

export class Upkeep {
  readonly #parts: Parts;
  readonly #waiting = new Set<string>();
  #work: Promise<void> | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The registry has changed. */
  committed({ changes }: Commit): void {
    for (const change of changes)
      if ('id' in change && this.#parts.history.committed(change)) this.#waiting.add(change.id);
    if (this.#waiting.size > 0) void this.#begin();
  }

  /** Does something about outputs while nothing else is done about any. */
  inTurn<T>(task: () => Promise<T>): Promise<T> {
    const work = this.#turn.then(task);
    this.#turn = work.catch(() => undefined);
    return work;
  }

  /** Takes nothing more away; the next daemon goes on. */
  stop(): void {
    this.#isClosed = true;
  }

  /** Resolves when what has ended is written down, as far as a disk takes it. */
  async close(): Promise<void> {
    this.stop();
    await this.#begin();
  }

  #begin(): Promise<void> {
    return (this.#work ??= this.#run());
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    // After what is done at once for whoever made the change.
    await new Promise((resolve) => setImmediate(resolve));
    // What could not be written is tried again with the next.
    for (const id of this.#parts.history.unwritten) this.#waiting.add(id);
    for (const id of this.#waiting) {
      this.#waiting.delete(id);
      await this.inTurn(() => this.#tend(id));
    }
    this.#work = null;
  }

  async #tend(id: string): Promise<void> {
    const { store, history, pruning, log } = this.#parts;
    try {
      if (!this.#isClosed) await pruning.sweep(id, history.lacking(id));
      const known = await history.write(id);
      const project = store.registry.get(id);
      if (this.#isClosed || !known || !project) return;
      await pruning.prune(project, known);
      if (history.unwritten.includes(id)) await history.write(id);
    } catch (error) {
      log.error({ err: error, project: id }, 'cannot clean up after a training; trying again after the next');
    }
  }
}
