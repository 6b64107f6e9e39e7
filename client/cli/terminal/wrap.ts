/** Text in lines that fit. */
import { stripVTControlCharacters } from 'node:util';
import { textWidth } from './width.ts';

/** Narrower than this nothing is wrapped: it would be a column of syllables. */
const LEAST_WIDTH = 20;

/**
 * Breaks text at its blanks into lines of at most `width` columns; a longer word, such as a path, stays whole, so that
 * it can still be copied. Colours take no room.
 *
 * @param width undefined for no limit
 * @param first what the first line begins with
 * @param rest what the others begin with
 */
export function wrapText(text: string, width: number | undefined, first = '', rest = first): string[] {
  if (width === undefined || width - columnsOf(rest) < LEAST_WIDTH) return [first + text];
  const lines: string[] = [];
  let line = first;
  let used = columnsOf(first);
  let empty = true;
  for (const word of text.split(' ')) {
    const columns = columnsOf(word);
    if (!empty && used + 1 + columns > width) {
      lines.push(line.trimEnd());
      line = rest + word;
      used = columnsOf(rest) + columns;
      // One of several blanks: what follows begins the line.
      empty = word === '';
    } else {
      line += empty ? word : ` ${word}`;
      used += columns + (empty ? 0 : 1);
      empty = false;
    }
  }
  return [...lines, line];
}

function columnsOf(text: string): number {
  return textWidth(stripVTControlCharacters(text));
}
