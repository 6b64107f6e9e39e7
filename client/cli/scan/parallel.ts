/** Work on many things, some at a time. */
import { availableParallelism } from 'node:os';

/** Programs such as git at a time: more only wait for each other. */
const AT_ONCE = Math.min(Math.max(availableParallelism(), 2), 8);

/** Does something with each, some at a time, and gives what came of them in their order. */
export async function inParallel<T, R>(
  all: readonly T[],
  work: (one: T) => Promise<R>,
  atOnce: number = AT_ONCE,
): Promise<R[]> {
  const results: R[] = [];
  const waiting = all.entries();
  const some = async (): Promise<void> => {
    // Each takes what the others have left.
    for (const [at, one] of waiting) results[at] = await work(one);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, some));
  return results;
}
