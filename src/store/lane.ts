/**
 * Asking a disk that may never answer, at the price of one thread at most.
 *
 * A server that is gone holds whoever asks for a path on it, often for ever, and nothing can call the question back. Node
 * asks with four threads, and a change needs one of them for its sync: four such questions would stop every change.
 */

/** How long a disk may take before nobody waits for it any longer. Milliseconds. */
export const PATIENCE_MS = 2_000;

/** The disk has not answered in time. What was asked may still happen. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';

  /** @param asked whether it was asked at all, or waited for an earlier question to come back */
  constructor(asked: boolean) {
    super(asked ? 'its disk does not answer' : 'another disk, which was asked before, does not answer');
  }
}

/** One question at a time, in the order in which they were asked. */
export class Lane {
  readonly #waiting = new Set<() => void>();
  /** When the question under way was begun; null when there is none. */
  #begunAt: number | null = null;

  /** Whether the question under way has taken so long that no other one is let in before it comes back. */
  get isStuck(): boolean {
    return this.#begunAt !== null && performance.now() - this.#begunAt >= PATIENCE_MS;
  }

  /**
   * Asks when its turn comes.
   *
   * @param question takes one thread at a time
   * @param within milliseconds for all of it, waiting included; default {@link PATIENCE_MS}
   * @throws {NoAnswerError} when the time is up, and at once while an earlier question is stuck; and what `question`
   *   throws
   */
  ask<T>(question: () => Promise<T>, within: number = PATIENCE_MS): Promise<T> {
    if (this.isStuck || within <= 0) return Promise.reject(new NoAnswerError(false));
    return new Promise<T>((resolve, reject) => {
      const begin = (): void => {
        this.#waiting.delete(begin);
        this.#begunAt = performance.now();
        void question()
          .then(resolve, reject)
          .finally(() => {
            clearTimeout(timer);
            this.#begunAt = null;
            this.#next();
          });
      };
      const giveUp = (): void => {
        reject(new NoAnswerError(!this.#waiting.delete(begin)));
      };
      // Answers that have arrived while the event loop was busy are looked at first.
      const timer = setTimeout(() => setImmediate(giveUp), within);
      this.#waiting.add(begin);
      this.#next();
    });
  }

  #next(): void {
    if (this.#begunAt !== null) return;
    const [begin] = this.#waiting;
    begin?.();
  }
}

/** The disks that the daemon asks. */
export interface Lanes {
  /** Codebases, and whatever else a project names outside of the data directory. */
  readonly foreign: Lane;
  /** `<data>/projects/`, which may be a disk of its own. */
  readonly projects: Lane;
}

export function createLanes(): Lanes {
  return { foreign: new Lane(), projects: new Lane() };
}
