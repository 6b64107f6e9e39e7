/**
 * How many columns of a terminal a text takes, and cutting it to some.
 *
 * The measure of wide and joined characters costs 30 ms to load, so it is loaded only when a text needs it.
 */

export interface Measure {
  /** Columns that a text without escape sequences takes. */
  width(text: string): number;
  /** The text in at most `max` columns, an ellipsis in place of what was cut from its end or its start. */
  cut(text: string, max: number, side: 'start' | 'end'): string;
}

export const ELLIPSIS = '…';

/** Latin, Greek, Cyrillic and our own punctuation: one column and one UTF-16 unit a character. */
const NARROW = /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f\u2013\u2014\u2022\u2026]*$/;

/** The measure that can deal with all of these texts. */
export async function measureFor(texts: Iterable<string>): Promise<Measure> {
  for (const text of texts) if (!NARROW.test(text)) return (await import('./wide.ts')).wide;
  return narrow;
}

/** For texts in which every character takes one column. */
export const narrow: Measure = {
  width: (text) => text.length,
  cut(text, max, side) {
    if (text.length <= max) return text;
    if (max <= 0) return '';
    return side === 'end'
      ? text.slice(0, max - 1) + ELLIPSIS
      : ELLIPSIS + text.slice(text.length - (max - 1));
  },
};

/** Fills a text up to a width with spaces. */
export function pad(text: string, missing: number, align: 'left' | 'right'): string {
  if (missing <= 0) return text;
  return align === 'left' ? text + ' '.repeat(missing) : ' '.repeat(missing) + text;
}
