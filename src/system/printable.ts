/** Text from outside, as a terminal can be shown it, and as a shell takes it in commands that somebody copies. */

/**
 * Makes what would move the cursor, end the line or turn it around visible: control characters, directional
 * marks, separators of lines and paragraphs, halves of surrogate pairs. Paths, languages, tags, metadata and whatever
 * quotes them may hold any of them.
 */
export function printable(text: string): string {
  // Nearly all text is plain, and the expression below is not cheap.
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text.replace(
    /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu,
    (character) => NAMED[character] ?? escapeCode(character),
  );
}

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeCode(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(character);
}

/** The same for JSON, of which a program reads the same values: JSON itself escapes only what stands below the blank. */
export function printableJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, unicodeEscape);
}

/** What JSON leaves as it is; and the rest, but the line break, for what was meant to be JSON and is none. */
// oxlint-disable-next-line no-control-regex -- it is what the expression is about
const UNSAFE_IN_JSON = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/**
 * A word for a shell: as it is when nothing in it is special, quoted otherwise; where something in it cannot be shown, in
 * the quotes of bash and zsh that have escapes.
 */
export function shellWord(word: string): string {
  if (/^[\p{L}\p{N}_./:@%+,=-]+$/u.test(word) && !word.startsWith('-')) return word;
  if (printable(word) === word) return `'${word.replaceAll("'", `'\\''`)}'`;
  return `$'${Array.from(word, escapedForShell).join('')}'`;
}

function escapedForShell(character: string): string {
  if (character === "'" || character === '\\') return `\\${character}`;
  if (printable(character) === character) return character;
  // Bytes: the bash of macOS knows no escapes for code points.
  return Array.from(Buffer.from(character), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
