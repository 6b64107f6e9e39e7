/** A question to whoever sits at the terminal. */
import { once } from 'node:events';
import type { Host } from '../context.ts';
import { shown, shownLine } from './gate.ts';

const NEWLINE = 0x0a;

/**
 * Asks on standard error and reads a line: yes or no. The end of the input, as by Ctrl-D, is no, whatever an empty line
 * would be.
 *
 * Without readline: it would take what is typed ahead for the next question with it, and make Ctrl-C a character.
 *
 * @param byDefault what an empty line means
 */
export async function confirm(
  { stdin, stderr }: Host,
  question: string,
  { byDefault = false }: { readonly byDefault?: boolean } = {},
): Promise<boolean> {
  stderr.write(shown(`${question} [${byDefault ? 'Y/n' : 'y/N'}] `));
  const line = await readLine(stdin);
  if (line === undefined) stderr.write(shownLine(''));
  const answer = line?.trim();
  return answer === '' ? byDefault : answer !== undefined && /^y(es)?$/i.test(answer);
}

/** The next line without its end; undefined when the input ends first. What comes after it is left. */
async function readLine(input: Host['stdin']): Promise<string | undefined> {
  let bytes = Buffer.alloc(0);
  try {
    for (;;) {
      const chunk = input.read();
      if (chunk === null) {
        if (!input.readable) return undefined;
        await Promise.race([once(input, 'readable'), once(input, 'end')]);
        continue;
      }
      bytes = Buffer.concat([bytes, Buffer.from(chunk)]);
      const end = bytes.indexOf(NEWLINE);
      if (end < 0) continue;
      if (end + 1 < bytes.length) input.unshift(bytes.subarray(end + 1));
      return bytes.toString('utf8', 0, end);
    }
  } finally {
    await letGo(input);
  }
}

/** Stops reading: whoever gets the terminal next, an editor perhaps, must get what is typed. */
export async function letGo(input: Host['stdin']): Promise<void> {
  input.pause();
  // Standard input stops reading a tick later, and would stop for a question that comes before that, too.
  await new Promise<void>((resolve) => process.nextTick(resolve));
}
