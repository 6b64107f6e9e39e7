import { setTimeout as pause } from 'node:timers/promises';

/** Long, because it only passes when something is broken: a loaded machine may stall for seconds. Milliseconds. */
const LIMIT_MS = 40_000;
/** Short against anything worth waiting for, long against asking a file system or a daemon. Milliseconds. */
const PAUSE_MS = 10;

/**
 * Waits until a condition holds and gives what it gave.
 *
 * @param condition asked again until it gives something true; what it throws ends the waiting
 * @param what the condition in words, for the error: "the daemon has stopped"
 * @param limit milliseconds; default 40 s, which fits within the time a test has
 * @throws {Error} when the condition does not hold in time
 *
 * @example
 * const lock = await until(() => locks.find(({ pid }) => pid === child.pid), 'the lock is there');
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  what: string,
  limit = LIMIT_MS,
): Promise<Exclude<T, Falsy>> {
  const start = performance.now();
  for (;;) {
    const value = await condition();
    if (isTrue(value)) return value;
    // Asked after the condition, so that it is met at least once however slow the machine is.
    if (performance.now() - start > limit) throw new Error(`waited ${limit} ms in vain until ${what}`);
    await pause(PAUSE_MS);
  }
}

type Falsy = false | 0 | '' | null | undefined;

function isTrue<T>(value: T): value is Exclude<T, Falsy> {
  return Boolean(value);
}
