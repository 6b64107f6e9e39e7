/** The committed state, what is wrong with its file, and who is told when either changes. */
import { type Change, Registry } from '../domain/registry.ts';
import { encodeRegistry } from './encode.ts';
import type { Problem } from './problem.ts';

/** A step of the history: durable changes, in the order in which they were made. */
export interface Commit {
  readonly changes: readonly Change[];
  readonly origin: 'rpc' | 'file';
  readonly at: string;
}

export interface StoreListener {
  committed?(commit: Commit): void;
  /** The problem came, changed or (null) went. */
  problem?(problem: Problem | null): void;
}

export class Committed {
  registry = new Registry();
  /** When the file's content was last taken over as a whole. */
  loadedAt = '';
  /** The bytes of a file of an older version, until they are in a backup. */
  original: Buffer | null = null;
  readonly #listeners = new Set<StoreListener>();
  #problem: Problem | null = null;
  #readOnly = false;

  get problem(): Problem | null {
    return this.#problem;
  }

  /** Whether changes are refused because of the problem. */
  get readOnly(): boolean {
    return this.#readOnly;
  }

  subscribe(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(commit: Commit): void {
    if (commit.changes.length === 0) return;
    for (const listener of this.#listeners) listener.committed?.(commit);
  }

  setProblem(problem: Problem | null, readOnly: boolean): void {
    this.#readOnly = readOnly;
    if (problem === null && this.#problem === null) return;
    this.#problem = problem;
    for (const listener of this.#listeners) listener.problem?.(problem);
  }

  /** What the file says of what is committed, or would, in pieces that follow one another. */
  encodePieces(registry: Registry = this.registry): Promise<Buffer[]> {
    const { version, extra, active } = registry;
    return encodeRegistry(registry.projects(), active, version, extra);
  }

  /** The same in one. */
  async encode(registry?: Registry): Promise<Buffer> {
    return Buffer.concat(await this.encodePieces(registry));
  }
}
