/** Waiting for longer than the daemon waits in one call. */

import { MAX_WAIT_MS } from '../../../src/protocol/limits.ts';

/** Before asking again a daemon that was just not there. Milliseconds. */
export const RETRY_MS = 500;

/**
 * Asks again and again until there is an answer or the time is up; once at least, and without waiting at the end.
 *
 * @param wait seconds; true for as long as it takes
 * @param ask asks once, and has the daemon wait for so many milliseconds
 */
export async function askInTurns<T>(
  wait: number | true,
  ask: (waitMs: number) => Promise<T | null>,
): Promise<T | null> {
  const limit = wait === true ? Number.POSITIVE_INFINITY : performance.now() + wait * 1000;
  for (;;) {
    const left = Math.max(0, limit - performance.now());
    const answer = await ask(Math.min(MAX_WAIT_MS, Math.ceil(left)));
    if (answer !== null || left === 0) return answer;
  }
}
