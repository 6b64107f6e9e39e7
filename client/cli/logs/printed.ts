/** What a trainer printed, shown as it was seen: line by line, a progress bar in its last state. */
import { StringDecoder } from 'node:string_decoder';
import type { Output } from '../context.ts';
import { lastState, withoutEscapes } from '../terminal/escapes.ts';
import { type Shown, shownColouredLines, shownLines, shownOver } from '../terminal/gate.ts';
import { columnsOf } from '../terminal/size.ts';
import { cutText } from '../terminal/width.ts';

/** A line that is longer is shown in parts. UTF-16 units. */
const MAX_LINE = 64 * 1024;

/** Bytes as lines, of which a line break may be the end or not. */
export class PrintedLines {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  /** The line that has no end yet. */
  get rest(): string {
    return this.#rest;
  }

  /** The lines that have come to their end. */
  push(bytes: Buffer): string[] {
    const lines = (this.#rest + this.#decoder.write(bytes)).split('\n');
    this.#rest = lines.pop() ?? '';
    // Of a bar that is drawn again and again, all but the last two states are past.
    const drawn = this.#rest.lastIndexOf('\r', this.#rest.length - 2);
    if (this.#rest.length > MAX_LINE && drawn > 0) this.#rest = this.#rest.slice(drawn + 1);
    if (this.#rest.length > MAX_LINE) {
      lines.push(this.#rest);
      this.#rest = '';
    }
    return lines;
  }

  /** What is left is a line, too. */
  end(): string[] {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    return rest === '' ? [] : [rest];
  }
}

/** Shows lines, and on a terminal also the one that has no end yet, in its place. */
export class Printer {
  readonly #output: Output;
  readonly #hasColours: boolean;
  readonly #isRedrawn: boolean;
  #isOver = false;

  constructor(output: Output, { hasColours, isRedrawn }: { hasColours: boolean; isRedrawn: boolean }) {
    this.#output = output;
    this.#hasColours = hasColours;
    this.#isRedrawn = isRedrawn;
  }

  /** @param rest the line that has no end yet */
  show(lines: readonly string[], rest = ''): void {
    const columns = this.#isRedrawn ? columnsOf(this.#output) : undefined;
    if (this.#isOver) this.#output.write(shownOver(''));
    if (lines.length > 0) this.#output.write(this.#shown(lines.map(lastState)));
    const drawn = columns === undefined ? '' : cutText(plainLine(rest), columns - 1, 'end');
    this.#isOver = drawn !== '';
    if (this.#isOver) this.#output.write(shownOver(drawn));
  }

  #shown(lines: readonly string[]): Shown {
    return this.#hasColours ? shownColouredLines(lines.map(spaced)) : shownLines(lines.map(plain));
  }
}

/** What a line shows in the end, without colours. */
export function plainLine(line: string): string {
  return plain(lastState(line));
}

function plain(line: string): string {
  return spaced(withoutEscapes(line));
}

/** A tabulator is nothing that a line of this program has. */
function spaced(line: string): string {
  return line.replaceAll('\t', '    ');
}
