/**
 * What the daemon holds for its peers, over all connections: answers that they do not read, lines that they do not end,
 * requests that are not answered. One connection has limits of its own; a thousand of them have this one.
 *
 * Beyond it, the daemon takes in less. Only a peer that could go on and does not is cut off: what a peer waits for is the
 * daemon's own doing, and cutting it off would hide changes that were made.
 */

/** So much may be held for all peers together. Bytes. */
const MAX_HELD_BYTES = 128 * 1024 * 1024;
/** Beyond it, a peer that has let the daemon wait for so long may be cut off. Milliseconds. */
const STUCK_MS = 2_000;
/** How often to look for one. Milliseconds. */
const LOOK_MS = 1_000;
/** What is held for a peer is counted in these: most peers have asked one short thing, and are not worth it. Bytes. */
const UNIT = 16 * 1024;
/** So many that were made to wait in a line may end it all the same: nobody may be able to make room otherwise. */
const MAX_ADMITTED = 16;

/** A connection for which something may be held. */
export interface HeldPeer {
  /** Ends it, and lets go of what is held. */
  destroy(): void;
}

interface Held {
  bytes: number;
  /** Of these, what is held until the peer goes on: reads, or ends its line. */
  awaited: number;
  /** When something was read or sent the last time, or the daemon began to wait for the peer. */
  movedAt: number;
}

export class Holdings {
  readonly #limit: number;
  readonly #cut: (bytes: number) => void;
  readonly #held = new Map<HeldPeer, Held>();
  #total = 0;
  readonly #waiting: (() => void)[] = [];
  /** Those that are in the middle of a line which is not read. */
  readonly #inLine = new Map<HeldPeer, () => void>();
  /** Those that may end theirs, or have, until they are answered; with whether it has yet to be ended. */
  readonly #admitted = new Map<HeldPeer, boolean>();
  #isAdmitting = false;
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

  /**
   * Says how much is held for a peer by now.
   *
   * @param awaitedBytes how much of it is held until the peer goes on
   */
  set(peer: HeldPeer, heldBytes: number, awaitedBytes: number): void {
    const bytes = inUnits(heldBytes);
    const awaited = Math.min(bytes, inUnits(awaitedBytes));
    const held = this.#held.get(peer);
    if (bytes === (held?.bytes ?? 0) && awaited === (held?.awaited ?? 0)) return;
    this.#total += bytes - (held?.bytes ?? 0);
    const movedAt = held && held.awaited > 0 ? held.movedAt : performance.now();
    if (bytes === 0) {
      this.#held.delete(peer);
      this.#admitted.delete(peer);
    } else this.#held.set(peer, { bytes, awaited, movedAt });
    if (this.areTooMuch) this.#lookLater();
    else this.#admit();
  }

  /** The peer has read something, or said more of its line. */
  moved(peer: HeldPeer): void {
    const held = this.#held.get(peer);
    if (held) held.movedAt = performance.now();
  }

  /** The peer has ended its line, and is going to be answered. */
  lineEnded(peer: HeldPeer): void {
    this.moved(peer);
    if (this.#admitted.has(peer)) this.#admitted.set(peer, false);
  }

  /** Whether no more may be read of a line that this peer has begun. */
  forbidsLine(peer: HeldPeer): boolean {
    return this.areTooMuch && !this.#admitted.get(peer);
  }

  /** Whether the peer waits in the middle of a line. */
  isInLine(peer: HeldPeer): boolean {
    return this.#inLine.has(peer);
  }

  /** Goes on when less is held, the last that asked first, one after the other. */
  whenLess(goOn: () => void): void {
    this.#waiting.push(goOn);
    if (!this.areTooMuch) this.#admit();
  }

  /** Goes on in the middle of a line when less is held, or when it may be ended all the same. */
  whenMayGoOn(peer: HeldPeer, goOn: () => void): void {
    this.#admitted.delete(peer);
    this.#inLine.set(peer, goOn);
    if (!this.areTooMuch) this.#admit();
  }

  /** What was said is answered, or needs little: another one may end its line. */
  answered(peer: HeldPeer): void {
    this.#admitted.delete(peer);
  }

  /** Stops looking. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #admit(): void {
    if (this.#isAdmitting || (this.#waiting.length === 0 && this.#inLine.size === 0)) return;
    this.#isAdmitting = true;
    // Not at once: this may be in the middle of anything. And one in a turn of the event loop: what it goes on with may be
    // as long as the registry, is weighed before another goes on, and others want to be answered, too.
    setImmediate(() => {
      this.#isAdmitting = false;
      if (this.areTooMuch) return;
      this.#takeLast()?.();
      this.#admit();
    });
  }

  /** The last first: those who would not read either may be many, and have been there longer. */
  #takeLast(): (() => void) | undefined {
    const last = [...this.#inLine.keys()].at(-1);
    if (last === undefined) return this.#waiting.pop();
    const goOn = this.#inLine.get(last);
    this.#inLine.delete(last);
    return goOn;
  }

  #lookLater(): void {
    // What peers have read while the daemon was busy is seen before it is judged.
    this.#timer ??= setTimeout(() => setImmediate(() => this.#look()), LOOK_MS);
  }

  /** Cuts off those who let the most wait; never one that reads, nor one that is waiting itself. */
  #look(): void {
    this.#timer = undefined;
    const stuckBefore = performance.now() - STUCK_MS;
    const stuck = [...this.#held].filter(([, { awaited, movedAt }]) => awaited > 0 && movedAt < stuckBefore);
    for (const [peer, { bytes }] of stuck.toSorted(([, a], [, b]) => b.awaited - a.awaited)) {
      // With some room to spare, or the next one would have to wait as long.
      if (this.#total <= this.#limit / 2) return;
      this.#cut(bytes);
      peer.destroy();
    }
    if (!this.areTooMuch) return;
    this.#lookLater();
    for (const [peer, goOn] of [...this.#inLine].toReversed()) {
      // Each is read to the end of a line, and no further before it is answered: that much more may be held.
      if (this.#admitted.size >= MAX_ADMITTED) return;
      this.#inLine.delete(peer);
      this.#admitted.set(peer, true);
      goOn();
    }
  }
}

export function inUnits(bytes: number): number {
  return bytes - (bytes % UNIT);
}
