/** Calls that wait for an answer, and what ends the wait without one: a deadline, the caller, the connection. */

import { LONGEST_TIMER_MS } from '../../src/system/longest-timer.ts';
import { type Deadline, lastly, onAbort, type Patience } from './deadline.ts';

interface PendingCall {
  readonly method: string;
  readonly reject: (reason: unknown) => void;
  readonly deadline: Deadline | undefined;
  /** Stops listening to the caller's signal. */
  readonly unlisten: (() => void) | undefined;
  /** Whether somebody hears an answer that comes late. */
  readonly isHeardLate: boolean;
}

/**
 * The calls of one connection, by the id of the request.
 *
 * There is one timer for all of them, which is not touched when an answer comes: most calls are answered long before
 * their time is up, and a timer and a signal for each would cost more than the call.
 */
export class PendingCalls {
  readonly #calls = new Map<number, PendingCall>();
  readonly #givenUp: (id: number, isHeardLate: boolean) => void;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires. */
  #nextLook = Infinity;

  /** @param givenUp called with the id of a call whose caller has stopped waiting */
  constructor(givenUp: (id: number, isHeardLate: boolean) => void) {
    this.#givenUp = givenUp;
  }

  get size(): number {
    return this.#calls.size;
  }

  add(
    id: number,
    method: string,
    { deadline, signal, late }: Patience,
    reject: (reason: unknown) => void,
  ): void {
    const unlisten = signal && onAbort(signal, () => this.#giveUp(id, signal.reason));
    this.#calls.set(id, { method, reject, deadline, unlisten, isHeardLate: late !== undefined });
    if (deadline) this.#lookAt(deadline.at);
  }

  /** Forgets a call that has its answer. */
  remove(id: number): void {
    this.#calls.get(id)?.unlisten?.();
    this.#calls.delete(id);
  }

  /** Rejects every call. */
  rejectAll(reason: (method: string, id: number) => Error): void {
    for (const [id, { method, reject }] of this.#calls) {
      this.remove(id);
      reject(reason(method, id));
    }
    clearTimeout(this.#timer);
    this.#nextLook = Infinity;
  }

  #giveUp(id: number, reason: unknown): void {
    const call = this.#calls.get(id);
    if (!call) return;
    this.remove(id);
    this.#givenUp(id, call.isHeardLate);
    call.reject(reason);
  }

  #lookAt(time: number): void {
    if (time >= this.#nextLook) return;
    clearTimeout(this.#timer);
    this.#nextLook = time;
    // Node warns of a timer that is to fire in the past.
    const ms = Math.max(0, Math.min(LONGEST_TIMER_MS, Math.ceil(time - performance.now())));
    // Whoever waits for an answer is kept alive by the socket.
    this.#timer = lastly(() => this.#look(), ms).unref();
  }

  #look(): void {
    this.#nextLook = Infinity;
    const now = performance.now();
    let next = Infinity;
    for (const [id, { deadline }] of this.#calls) {
      if (!deadline) continue;
      if (deadline.at <= now) this.#giveUp(id, deadline.late());
      else next = Math.min(next, deadline.at);
    }
    this.#lookAt(next);
  }
}
