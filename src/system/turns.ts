/**
 * Whose turn it is: there is one thread, and whoever has much to do must let others in between.
 *
 * What counts is the time that was spent and not the number of things that were done: a question may take a
 * microsecond or a hundred milliseconds.
 */

/** So long is worked before the event loop looks for news again, and whatever was begun last is done. Milliseconds. */
const TURN_MS = 10;

export class Turns {
  #startedAt: number | undefined;
  #isScheduled = false;
  readonly #waiting: (() => void)[] = [];

  /** Whether this turn of the event loop has had enough; who asks first in a turn begins it. */
  get isOver(): boolean {
    const now = performance.now();
    if (this.#startedAt !== undefined) return now - this.#startedAt >= TURN_MS;
    this.#startedAt = now;
    this.#schedule();
    return false;
  }

  /** Goes on in a later turn. In each turn one goes on, in the order in which they asked. */
  whenNext(goOn: () => void): void {
    this.#waiting.push(goOn);
    this.#schedule();
  }

  /** The same, to be awaited. */
  next(): Promise<void> {
    return new Promise((resolve) => this.whenNext(resolve));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const goOn = this.#waiting.shift();
      this.#startedAt = goOn && performance.now();
      if (goOn) this.#schedule();
      goOn?.();
    });
  }
}
