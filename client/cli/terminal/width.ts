/**
 * How many columns of a terminal a text takes, and cutting it to some.
 *
 * Written here because the libraries for it load the segmenter and the list of all emoji, which costs more than the
 * rest of the command line. Where terminals disagree, this is rather too wide than too narrow, so that nothing
 * overflows.
 */

const ELLIPSIS = '…';

/** Latin, Greek, Cyrillic and our own punctuation: one column and one UTF-16 unit a character. */
const NARROW = /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f\u2013\u2014\u2022\u2026]*$/;

/** Columns that a text without control characters takes. */
export function textWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  return unitsOf(text).reduce((sum, { width }) => sum + width, 0);
}

/**
 * The text in at most `max` columns, an ellipsis in place of what was cut from its end or its start; never through
 * what a terminal shows as one character.
 */
export function cutText(text: string, max: number, side: 'start' | 'end'): string {
  if (textWidth(text) <= max) return text;
  if (max <= 0) return '';
  const units = unitsOf(text);
  if (side === 'start') units.reverse();
  const kept: string[] = [];
  let width = 1;
  for (const unit of units) {
    width += unit.width;
    if (width > max) break;
    kept.push(unit.text);
  }
  return side === 'end' ? kept.join('') + ELLIPSIS : ELLIPSIS + kept.toReversed().join('');
}

/** The text in pieces of at most `max` columns; never through what a terminal shows as one character. */
export function breakText(text: string, max: number): string[] {
  if (textWidth(text) <= max) return [text];
  const pieces = [''];
  let used = 0;
  for (const { text: one, width } of unitsOf(text)) {
    if (used > 0 && used + width > max) {
      pieces.push('');
      used = 0;
    }
    pieces[pieces.length - 1] += width <= max ? one : ELLIPSIS;
    used += Math.min(width, max);
  }
  return pieces;
}

/** What a terminal shows as one character: a letter with its marks, a flag, a family. */
interface Unit {
  text: string;
  width: number;
}

const INVISIBLE = /[\p{Mn}\p{Me}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
const SPACING_MARK = /\p{Mc}/u;
const PICTOGRAPH = /\p{Extended_Pictographic}/u;
const SKIN_TONE = /\p{Emoji_Modifier}/u;
const FLAG_LETTER = /\p{Regional_Indicator}/u;
/** Joins two pictures to one, once. */
const JOINER = '\u200d';
const ENDS_IN_JOINED = /\p{Extended_Pictographic}[\p{Grapheme_Extend}\p{Emoji_Modifier}]*\u200d$/u;
/** Asks for the coloured picture where a narrow sign would be shown; the frame of a key does the same to a digit. */
const AS_PICTURE = '\ufe0f';
const KEYCAP = '\u20e3';

function unitsOf(text: string): Unit[] {
  const units: Unit[] = [];
  let before = '';
  // Composed: a Korean syllable or an accented letter may come in parts, as macOS writes names of files.
  for (const character of text.normalize('NFC')) {
    const last = units.at(-1);
    const width = characterWidth(character);
    const joined = last && joinedWidth(last, before, character, width);
    if (last && joined !== undefined) {
      last.text += character;
      last.width = joined;
    } else units.push({ text: character, width });
    before = character;
  }
  return units;
}

/** The width of a unit with one more character in it; undefined when that begins a new one. */
function joinedWidth(last: Unit, before: string, character: string, width: number): number | undefined {
  if (character === AS_PICTURE) return PICTOGRAPH.test(before) ? 2 : last.width;
  if (character === KEYCAP) return Math.max(last.width, 2);
  if (width === 0) return last.width;
  if (SPACING_MARK.test(character)) return last.width + width;
  if (before === JOINER && PICTOGRAPH.test(character) && ENDS_IN_JOINED.test(last.text)) return 2;
  if (SKIN_TONE.test(character) && PICTOGRAPH.test(before)) return Math.max(last.width, 2);
  // Two letters are a flag, a third begins the next one.
  if (FLAG_LETTER.test(character) && last.text === before && FLAG_LETTER.test(before)) return 2;
  return undefined;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return code === 0xad ? 0 : 1;
  if (INVISIBLE.test(character)) return 0;
  return isWide(code) || isPicture(character) ? 2 : 1;
}

/** Shown as a picture by itself; a place kept for one is counted, because this Unicode may not know it yet. */
function isPicture(character: string): boolean {
  return (
    /\p{Emoji_Presentation}/u.test(character) || (PICTOGRAPH.test(character) && /\p{Cn}/u.test(character))
  );
}

/**
 * Blocks that Unicode's East Asian Width calls wide or full-width, in whole; pictures are recognised otherwise.
 * First and last code point.
 */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2630, 0x2637],
  [0x268a, 0x268f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x1afef],
  [0x1aff0, 0x1b2ff],
  [0x1d300, 0x1d376],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
];

function isWide(code: number): boolean {
  return WIDE.some(([first, last]) => first <= code && code <= last);
}
