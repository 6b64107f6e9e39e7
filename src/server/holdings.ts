/**
 * What the daemon holds for its peers, over all connections: answers that they do not read, lines that they do not end,
 * requests that wait. One connection has limits of its own; a thousand of them have this one.
 */

/** So much may be held for all peers together. Bytes. */
const MAX_HELD_BYTES = 128 * 1024 * 1024;
/** Beyond it, a peer for which nothing has moved for so long may be cut off. Milliseconds. */
const STUCK_MS = 2_000;
/** How often to look for one. Milliseconds. */
const LOOK_MS = 1_000;

/** A connection for which something may be held. */
export interface Holder {
  /** Ends it, and lets go of what is held. */
  destroy(): void;
}

interface Held {
  bytes: number;
  /** When something was read or sent the last time, or nothing was held. */
  movedAt: number;
}

export class Holdings {
  readonly #limit: number;
  readonly #cut: (bytes: number) => void;
  readonly #held = new Map<Holder, Held>();
  #total = 0;
  #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param cut called with what was held for a peer that was cut off */
  constructor(cut: (bytes: number) => void, limit = MAX_HELD_BYTES) {
    this.#cut = cut;
    this.#limit = limit;
  }

  /** Whether more is held than should be. What waits for a peer then waits where it costs nothing. */
  get areTooMuch(): boolean {
    return this.#total > this.#limit;
  }

  /** Says how much is held for a peer by now. */
  set(holder: Holder, bytes: number): void {
    const held = this.#held.get(holder);
    this.#total += bytes - (held?.bytes ?? 0);
    if (bytes === 0) this.#held.delete(holder);
    else if (held) held.bytes = bytes;
    else this.#held.set(holder, { bytes, movedAt: performance.now() });
    if (this.areTooMuch) this.#lookLater();
    else this.#admit();
  }

  /** The peer has read something, or ended a line. */
  moved(holder: Holder): void {
    const held = this.#held.get(holder);
    if (held) held.movedAt = performance.now();
  }

  /** Goes on when less is held, the last that asked first; whoever is called asks again, as others were called before. */
  whenLess(goOn: () => void): void {
    this.#waiting.push(goOn);
    if (!this.areTooMuch) this.#admit();
  }

  /** Stops looking. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #admit(): void {
    if (this.#waiting.length === 0) return;
    // The last first: those who would not read either may be many, and have been there longer.
    const waiting = this.#waiting.toReversed();
    this.#waiting = [];
    // Not at once: this may be in the middle of anything.
    setImmediate(() => {
      for (const goOn of waiting) goOn();
    });
  }

  #lookLater(): void {
    // What peers have read while the daemon was busy is seen before it is judged.
    this.#timer ??= setTimeout(() => setImmediate(() => this.#look()), LOOK_MS);
  }

  /** Cuts off those who let the most wait; never one that reads. */
  #look(): void {
    this.#timer = undefined;
    const stuckBefore = performance.now() - STUCK_MS;
    const stuck = [...this.#held].filter(([, { movedAt }]) => movedAt < stuckBefore);
    for (const [holder, { bytes }] of stuck.toSorted(([, a], [, b]) => b.bytes - a.bytes)) {
      // With some room to spare, or the next one would have to wait as long.
      if (this.#total <= this.#limit / 2) return;
      this.#cut(bytes);
      holder.destroy();
    }
    if (this.areTooMuch) this.#lookLater();
  }
}
