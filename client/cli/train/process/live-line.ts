/**
 * A line below what a program writes to a terminal: taken away before each thing that is written and drawn again after it,
 * both in the one write, so that nothing flickers.
 */
import { type Shown, shown } from '../../terminal/gate.ts';

/** In the colours that the program has set, and at the place where it was, it goes on afterwards. */
const SAVE = '\x1b7\x1b[m';
const RESTORE = '\x1b8';
/** To the end of the screen: a terminal that has become narrower shows the line in several rows. */
const ERASE = Buffer.from(`\r${SAVE}\x1b[J${RESTORE}`);
/** A terminal that has just become narrower cuts the line, and does not scroll. */
const NO_WRAP = '\x1b[?7l';
const WRAP = '\x1b[?7h';

const NEWLINE = 0x0a;
/** Longer than the colours that are turned off behind a line. Bytes. */
const COLOURS_BYTES = 64;
// oxlint-disable-next-line no-control-regex -- it is what the expression is about
const ENDED_IN_COLOUR = /\n(?:\x1b\[[\d;]*m)+$/;

export class LiveLine {
  #text: Shown | undefined;
  #drawn: Shown | undefined;
  /** The program has begun a line and not ended it: a prompt, or a progress bar of its own. */
  #isOpen = false;

  /** Whether it can be seen, once what was written and {@link LiveLine.refreshed} are on the screen. */
  get isSeen(): boolean {
    return this.#text !== undefined && !this.#isOpen;
  }

  /** Sets what it says, as wide as the terminal at most; undefined for no line. */
  set(text: string | undefined): void {
    this.#text = text === undefined ? undefined : shown(text);
  }

  /** What to write for a program's bytes to stand above the line. */
  around(bytes: Buffer): Buffer {
    if (bytes.length > 0) this.#isOpen = !endsLine(bytes);
    return this.#wrap(bytes);
  }

  /** What to write for a line of this program's own to stand above the line. */
  aside(text: Shown): Buffer {
    const own = Buffer.from(this.#isOpen ? `\n${text}` : text);
    this.#isOpen = false;
    return this.#wrap(own);
  }

  /** What to write for the line to be as it was set. */
  refreshed(): Buffer {
    const wanted = this.#isOpen ? undefined : this.#text;
    return wanted === this.#drawn ? Buffer.alloc(0) : this.#wrap(Buffer.alloc(0));
  }

  #wrap(bytes: Buffer): Buffer {
    const before = this.#drawn === undefined ? [] : [ERASE];
    this.#drawn = this.#isOpen ? undefined : this.#text;
    const after =
      this.#drawn === undefined ? [] : [Buffer.from(SAVE + NO_WRAP + this.#drawn + WRAP + RESTORE)];
    return before.length + after.length === 0 ? bytes : Buffer.concat([...before, bytes, ...after]);
  }
}

/** Whether what is written behind it begins a line; also where colours are turned off there. */
export function endsLine(bytes: Buffer): boolean {
  if (bytes.at(-1) === NEWLINE) return true;
  return ENDED_IN_COLOUR.test(bytes.toString('latin1', Math.max(0, bytes.length - COLOURS_BYTES)));
}
