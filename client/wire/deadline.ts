/** Waiting that ends: by a deadline, by the caller's signal, or by what was waited for. */
import { LONGEST_TIMER_MS } from '../../src/system/longest-timer.ts';

/** A length of time as it is told: nobody wants to know of parts of a millisecond. */
export function inMs(ms: number): string {
  return `${Math.round(ms)} ms`;
}

/** What is to be done when a signal is aborted, and the one listener that does it. */
const onAborts = new WeakMap<
  AbortSignal,
  { readonly actions: Set<() => void>; readonly listener: () => void }
>();

/**
 * Has something done when a signal is aborted; returns how to have it left undone.
 *
 * A caller may give one signal to any number of calls, and Node warns of a leak from the eleventh listener on: all of
 * them share one.
 */
export function onAbort(signal: AbortSignal, action: () => void): () => void {
  let known = onAborts.get(signal);
  if (!known) {
    const actions = new Set<() => void>();
    const listener = (): void => {
      for (const each of actions) each();
    };
    known = { actions, listener };
    onAborts.set(signal, known);
    signal.addEventListener('abort', listener);
  }
  const { actions, listener } = known;
  actions.add(action);
  return () => {
    if (!actions.delete(action) || actions.size > 0) return;
    signal.removeEventListener('abort', listener);
    onAborts.delete(signal);
  };
}

export interface Deadline {
  /** When the time is up, by `performance.now()`; Infinity for never. */
  readonly at: number;
  /** Makes the error for then. */
  readonly late: () => Error;
}

/** The time is up in so many milliseconds; Infinity for never. */
export function deadlineIn(ms: number, late: () => Error): Deadline {
  return { at: performance.now() + ms, late };
}

/** How long somebody is willing to wait. */
export interface Patience {
  readonly deadline?: Deadline | undefined;
  /** Aborting it ends the wait, too. */
  readonly signal?: AbortSignal | undefined;
  /** Told of a request what comes of it all the same when the wait is over. */
  readonly late?: ((result: unknown) => void) | undefined;
}

/**
 * Runs something that has to end in time. It is told to stop through the signal it is given, whose reason is
 * what it must then throw.
 *
 * @throws the error of the deadline, or the reason of the caller's signal
 */
export async function within<T>(
  { deadline, signal }: Patience,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const unlisten = signal && onAbort(signal, () => controller.abort(signal.reason));
  // Node warns of a timer that is to fire in the past.
  const ms = Math.max(0, (deadline?.at ?? Infinity) - performance.now());
  const timer =
    deadline && ms <= LONGEST_TIMER_MS ? lastly(() => controller.abort(deadline.late()), ms) : undefined;
  try {
    return await run(controller.signal);
  } finally {
    clearTimeout(timer);
    unlisten?.();
  }
}

/**
 * Sets a timer for giving up: what arrived while the process was held up, by its own work or by the machine's, is looked
 * at first.
 *
 * @param ms milliseconds
 */
export function lastly(giveUp: () => void, ms: number): NodeJS.Timeout {
  return setTimeout(() => setImmediate(giveUp), ms);
}

/** The promise, unless the signal is aborted first. What the promise stands for goes on for others. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const unlisten = onAbort(signal, () => reject(signal.reason as Error));
    promise.then(resolve, reject).finally(unlisten);
  });
}

/** The promise, unless somebody's patience ends first. What the promise stands for goes on for others. */
export function inTime<T>(promise: Promise<T>, patience: Patience): Promise<T> {
  return within(patience, (aborted) => abortable(promise, aborted));
}

/** Waits `ms` milliseconds, or shorter when `early` is settled first. */
export async function pause(
  ms: number,
  signal: AbortSignal | undefined,
  early?: Promise<void>,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await abortable(early ? Promise.race([time, early]) : time, signal);
  } finally {
    clearTimeout(timer);
  }
}
