/**
 * Asking a disk that may never answer, at the price of one thread at most.
 *
 * A server that is gone holds whoever asks for a path on it, often for ever, and nothing can call the question back. Node
 * asks with four threads, and a change needs one of them for its sync: four such questions would stop every change.
 */

/** How long a disk may take for one question before nobody waits for it any longer. Milliseconds. */
export const PATIENCE_MS = 2_000;

/** The disk has not answered in time. What was asked may still happen. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';

  /** @param asked whether it was asked at all, or waited for an earlier question to come back */
  constructor(asked: boolean) {
    super(asked ? 'its disk does not answer' : 'another disk, which was asked before, does not answer');
  }
}

/** For `catch`: gives this in the place of what a disk does not answer. */
export function ifSilent<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof NoAnswerError) return instead;
    throw error;
  };
}

/** One question at a time, in the order in which they were asked. */
export class Lane {
  /** By what begins a question, what gives it up. */
  readonly #waiting = new Map<() => void, () => void>();
  #isBusy = false;
  /** Whether the question under way has taken so long that no other one is let in before it comes back. */
  #isStuck = false;

  /**
   * Asks when its turn comes. A long queue at a disk that answers is no disk that does not: the time counts from the
   * question's own turn, unless there is a limit for all of it.
   *
   * @param question takes one thread at a time; gets {@link PATIENCE_MS}
   * @param within milliseconds for all of it, waiting included; default no limit
   * @throws {NoAnswerError} when the time is up, and at once while an earlier question is stuck; and what `question`
   *   throws
   */
  ask<T>(question: () => Promise<T>, within = Number.POSITIVE_INFINITY): Promise<T> {
    if (this.#isStuck || within <= 0) return Promise.reject(new NoAnswerError(false));
    return new Promise<T>((resolve, reject) => {
      const giveUp = (): void => {
        reject(new NoAnswerError(!this.#waiting.delete(begin)));
      };
      const limit = Number.isFinite(within) ? later(giveUp, within) : undefined;
      const begin = (): void => {
        this.#waiting.delete(begin);
        this.#isBusy = true;
        let isBack = false;
        const patience = later(() => {
          if (isBack) return;
          this.#isStuck = true;
          giveUp();
          for (const giveUpOther of this.#waiting.values()) giveUpOther();
        }, PATIENCE_MS);
        void question()
          .then(resolve, reject)
          .finally(() => {
            isBack = true;
            clearTimeout(patience);
            clearTimeout(limit);
            this.#isBusy = false;
            this.#isStuck = false;
            this.#next();
          });
      };
      this.#waiting.set(begin, giveUp);
      this.#next();
    });
  }

  #next(): void {
    if (this.#isBusy) return;
    const [begin] = this.#waiting.keys();
    begin?.();
  }
}

/** Answers that have arrived while the event loop was busy are looked at first. */
function later(action: () => void, ms: number): NodeJS.Timeout {
  return setTimeout(() => setImmediate(action), ms);
}

/** The disks that the daemon asks. */
export interface Lanes {
  /** Codebases, and whatever else a project names outside of the data directory. */
  readonly foreign: Lane;
  /** `<data>/projects/`, which may be a disk of its own. */
  readonly projects: Lane;
  /** The same, for what nobody waits for: a long write must keep no caller waiting. */
  readonly chores: Lane;
}

export function createLanes(): Lanes {
  return { foreign: new Lane(), projects: new Lane(), chores: new Lane() };
}
