/** A question to whoever sits at the terminal. */
import { createInterface } from 'node:readline';
import type { Host } from './context.ts';

/** Asks on standard error and reads a line; empty at the end of the input. */
export async function ask({ stdin, stderr }: Host, question: string): Promise<string> {
  stderr.write(question);
  // Not as a terminal of its own: the system's line editing leaves Ctrl-C a signal.
  const lines = createInterface({ input: stdin, terminal: false });
  try {
    for await (const line of lines) return line;
    stderr.write('\n');
    return '';
  } finally {
    lines.close();
    stdin.pause();
  }
}
