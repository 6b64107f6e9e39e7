/**
 * The gate between this program and whoever looks at the terminal.
 *
 * Most of what is printed quotes somebody: a path, a name, a holder, a flag, the last line of a trainer, the message of a
 * daemon. Any of it may hold what a terminal obeys. So the streams take {@link Shown} text only, which the compiler sees
 * to, and this file alone makes it: line breaks and colours are put around text here, and none come through from within.
 */
import { PAINTED } from './colour.ts';
import { mendJson } from '../../../src/domain/values/text.ts';
import { printable, printableJson } from '../../../src/system/printable.ts';
import { withoutEscapes } from './escapes.ts';

declare const gate: unique symbol;
/** Text that a terminal may be sent. */
export type Shown = string & { readonly [gate]: true };

/** Back to the beginning of the line, which is then empty. */
const ERASE_LINE = '\r\x1b[K';

/**
 * Text without anything that a terminal obeys but the colours of a painter, as it will be shown; for whoever has to know
 * how wide that is.
 */
export function tame(text: string): string {
  let tamed = '';
  let at = 0;
  for (const colour of text.matchAll(PAINTED)) {
    tamed += printable(text.slice(at, colour.index)) + colour[0];
    at = colour.index + colour[0].length;
  }
  return tamed + printable(text.slice(at));
}

/** A part of a line. */
export function shown(text: string): Shown {
  return tame(text).replace(PAINTED, '\x1b[$1m') as Shown;
}

/**
 * Lines that a program has printed to a terminal. Of what a terminal obeys its colours come through, and end with the
 * line; what sets titles, fills the clipboard or has the terminal answer does not.
 */
export function shownColouredLines(lines: readonly string[]): Shown {
  return lines.map(colouredLine).join('') as Shown;
}

function colouredLine(text: string): string {
  const parts = text.split(SGR);
  const tamed = parts.map((part, at) => (at % 2 === 0 ? printable(withoutEscapes(part)) : part)).join('');
  return parts.length > 1 ? `${tamed}\x1b[m\n` : `${tamed}\n`;
}

/** What sets colours: "select graphic rendition". */
// oxlint-disable-next-line no-control-regex -- it is what the expression is about
const SGR = /(\x1b\[[0-9;:]*m)/;

/** A line with its end. */
export function shownLine(text: string): Shown {
  return `${shown(text)}\n` as Shown;
}

export function shownLines(lines: readonly string[]): Shown {
  return lines.map(shownLine).join('') as Shown;
}

/** Text of several lines, such as help: its line breaks stay, so that it had better quote nobody. */
export function shownText(text: string): Shown {
  return text.split('\n').map(shown).join('\n') as Shown;
}

/** A line of words for a program, with a tabulator between them. */
export function shownWords(words: readonly string[]): Shown {
  return `${words.map(shown).join('\t')}\n` as Shown;
}

/** In the place of the line that the cursor is in. */
export function shownOver(text: string): Shown {
  return (ERASE_LINE + shown(text)) as Shown;
}

/**
 * What the prompt library draws: its lines, colours and moves of the cursor come through. What it quotes was tamed before,
 * but for what is being typed, which it has taken apart into keys.
 */
export function shownDrawing(text: string): Shown {
  return text
    .split(DRAWN)
    .map((part, at) => (at % 2 === 0 ? printable(part) : part))
    .join('') as Shown;
}

/** Line breaks, colours, moves of the cursor, erasing, and the cursor itself hidden or shown. */
// oxlint-disable-next-line no-control-regex -- it is what the expression is about
const DRAWN = /(\n|\x1b\[(?:[0-9;]*[ABCDGJKm]|\?25[hl]))/;

/** A line for a program that needs each character, such as a path that a shell goes to; never for a terminal. */
export function exactLine(text: string): Shown {
  return `${text}\n` as Shown;
}

/** The cursor, for a terminal that may have been left without one. */
export function shownCursor(): Shown {
  return '\x1b[?25h' as Shown;
}

/**
 * A document of JSON with a line break at its end. A program reads the same values from it as from any other form, but for
 * halves of characters, at which most would stop.
 */
export function shownJson(document: unknown, indent?: number): Shown {
  return shownJsonLines([JSON.stringify(document, null, indent)]);
}

/** JSON that is text already. */
export function shownJsonLines(lines: readonly string[]): Shown {
  return lines.map((json) => `${printableJson(mendJson(json))}\n`).join('') as Shown;
}
