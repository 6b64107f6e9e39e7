/** Text in lines that fit. */
import { textWidth } from './width.ts';

/** Narrower than this nothing is wrapped: it would be a column of syllables. */
const LEAST_WIDTH = 20;

/**
 * Breaks text at its blanks into lines of at most `width` columns; a longer word, such as a path, stays whole.
 *
 * @param width undefined for no limit
 */
export function wrapText(text: string, width: number | undefined): string[] {
  if (width === undefined || width < LEAST_WIDTH) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}
