/** Chance that can be repeated: a test that fails says the seed, and the seed makes it fail again. */
import { randomInt } from 'node:crypto';
import { onTestFailed } from 'vitest';

export interface Random {
  readonly seed: number;
  /** At least 0, less than 1. */
  fraction(): number;
  /** A whole number of at least `low` and less than `high`. */
  integer(low: number, high: number): number;
  pick<T>(items: readonly T[]): T;
}

/**
 * @param seed default another one each time; it is printed when the test fails
 */
export function seeded(seed: number = randomInt(2 ** 31)): Random {
  onTestFailed(() => {
    process.stderr.write(`the seed was ${seed}; to repeat it: seeded(${seed})\n`);
  });
  // Mulberry32: small, and good enough to be unpredictable where it matters here.
  let state = seed;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (low: number, high: number): number => low + Math.floor(fraction() * (high - low));
  return {
    seed,
    fraction,
    integer,
    pick(items) {
      const item = items[integer(0, items.length)];
      if (item === undefined) throw new Error('there is nothing to pick from');
      return item;
    },
  };
}
