/** A line on a terminal that says how far something is, and is gone when it is done. */
import type { Host } from '../context.ts';
import { obeysEscapes } from './colour.ts';
import { shownOver } from './gate.ts';

/** Whatever is done sooner needs no line. Milliseconds. */
const DELAY_MS = 500;
const EVERY_MS = 100;

/**
 * Runs something and shows its progress while it takes long.
 *
 * @param text asked for each time the line is drawn
 */
export async function withProgress<T>(
  { stderr, env }: Pick<Host, 'stderr' | 'env'>,
  text: () => string,
  work: () => Promise<T>,
): Promise<T> {
  if (!obeysEscapes(stderr, env)) return work();
  const started = performance.now();
  let shown = false;
  const timer = setInterval(() => {
    if (performance.now() - started < DELAY_MS) return;
    shown = true;
    stderr.write(shownOver(text()));
  }, EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (shown) stderr.write(shownOver(''));
  }
}
