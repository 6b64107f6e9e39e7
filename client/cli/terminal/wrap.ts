/** Text in lines that fit. */
import { stripVTControlCharacters } from 'node:util';
import { breakText, cutText, textWidth } from './width.ts';

/** Narrower than this nothing is wrapped: it would be a column of syllables. */
const LEAST_WIDTH = 16;
/** Where this much is not left beside what lines begin with, blanks there become fewer. */
const ROOMY = 20;
const FEW_BLANKS = 4;

/**
 * Breaks text at its blanks into lines of at most `width` columns; a longer word, such as a path, stays whole, so that
 * it can still be copied. Colours take no room.
 *
 * @param width undefined for no limit
 * @param first what the first line begins with
 * @param rest what the others begin with
 * @param least with less room than that it stays one line
 */
export function wrapText(
  text: string,
  width: number | undefined,
  first = '',
  rest = first,
  least = LEAST_WIDTH,
): string[] {
  if (width !== undefined && width - columnsOf(rest) < ROOMY && /^ {5,}$/.test(rest)) {
    const fewer = rest.slice(0, FEW_BLANKS);
    return wrapText(text, width, first === rest ? fewer : first, fewer, least);
  }
  if (width === undefined || width - columnsOf(rest) < least) return [first + text];
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

/** Stands for a blank within what stays in one line; no text that went through the gate has it. */
const TIED = '\0';

/**
 * A sentence for the person in lines that fit; a command in it stays in one, however long, as in all advice: it will be
 * copied. So does a line that is nothing else.
 */
export function layNote(line: string, width: number | undefined): string[] {
  if (/^(try|ran): /.test(line)) return [line];
  const indent = /^ */.exec(line)?.[0] ?? '';
  const tied = line.replace(/(?<=: )(gardener|cd) .*$/, (command) => command.replaceAll(' ', TIED));
  return wrapText(tied.slice(indent.length), width, indent, `${indent}  `).map((one) =>
    one.replaceAll(TIED, ' '),
  );
}

/**
 * The same in lines that fit in any case: longer words are broken, and where there are more than `most` lines, the last of
 * those says so.
 */
export function foldText(text: string, width: number, most = Infinity): string[] {
  const lines = wrapText(text, width, '', '', 1).flatMap((line) => breakText(line, width));
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), cutText(lines.slice(most - 1).join(' '), width, 'end')];
}

function columnsOf(text: string): number {
  return textWidth(stripVTControlCharacters(text));
}
