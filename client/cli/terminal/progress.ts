/** A line on a terminal that says how far something is, and is gone when it is done. */
import type { Output } from '../context.ts';
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
  output: Output,
  text: () => string,
  work: () => Promise<T>,
): Promise<T> {
  if (!output.isTTY) return work();
  const started = performance.now();
  let shown = false;
  const timer = setInterval(() => {
    if (performance.now() - started < DELAY_MS) return;
    shown = true;
    output.write(shownOver(text()));
  }, EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (shown) output.write(shownOver(''));
  }
}
