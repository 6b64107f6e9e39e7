/** What a disk keeps of what was not synced: the extremes, and anything in between by chance. */
import type { Random } from '../support/random.ts';
import type { Choice, Order } from './disk.ts';

const EMPTY = Buffer.alloc(0);
const BLOCK = 512;

/** Any of the states that a disk may be left in. */
export function anyChoice(random: Random, order: Order): Choice {
  // Most of what goes wrong needs one thing to be there without another, not a throw of the dice for each.
  const style = random.integer(0, 4);
  const chosen = random.fraction();
  const data = random.integer(0, 4);
  return {
    step(index, count) {
      const one = Math.floor(chosen * (count + 1));
      if (order === 'ordered') return index < one;
      if (style === 0) return index !== one;
      if (style === 1) return index === one;
      if (style === 2) return index < one;
      return random.fraction() < 0.5;
    },
    changes(count) {
      const whole = data === 0 ? 0 : data === 1 ? count : random.integer(0, count + 1);
      return { whole, torn: (bytes) => tornBytes(bytes, random, order) };
    },
  };
}

/** Everything, or only what was synced, or all the names and none of the bytes. */
export const EXTREMES: readonly Choice[] = [
  { step: () => true, changes: (count) => ({ whole: count, torn: (bytes) => bytes }) },
  { step: () => false, changes: () => ({ whole: 0, torn: () => EMPTY }) },
  { step: () => true, changes: () => ({ whole: 0, torn: () => EMPTY }) },
];

/** Its beginning, ended anywhere or with a block; where the length may be there before the bytes, zeros follow. */
function tornBytes(bytes: Buffer, random: Random, order: Order): Buffer {
  const end = random.integer(0, bytes.length + 1);
  const kept = random.fraction() < 0.5 ? end : end - (end % BLOCK);
  if (order === 'ordered' || random.fraction() < 0.5) return bytes.subarray(0, kept);
  return Buffer.concat([bytes.subarray(0, kept)], bytes.length);
}
