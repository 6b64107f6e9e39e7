/** Text from outside as a terminal can be shown it. */

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
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}
