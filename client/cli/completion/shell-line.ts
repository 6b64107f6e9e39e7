/** A line as it stands in a shell, as far as completing its last word needs to know: quotes, no expansions. */

export interface ShellLine {
  /** Quotes and backslashes taken off; the last one ends where the line does. */
  readonly words: readonly string[];
  /** The last word as it is written. */
  readonly raw: string;
  /** The quote that is open at the end. */
  readonly quote: "'" | '"' | '';
}

/** Reads a line up to the cursor. What follows a pipe or a semicolon is a line of its own. */
export function readShellLine(line: string): ShellLine {
  let words: string[] = [];
  let word = '';
  let raw = '';
  let quote: ShellLine['quote'] = '';
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    const next = line[at + 1];
    const isEscape = character === '\\' && (quote === '' || (quote === '"' && /[$`"\\]/.test(next ?? '')));
    if (quote === '' && /[\s;&|()]/.test(character)) {
      if (raw !== '') words.push(word);
      if (/[;&|()]/.test(character)) words = [];
      word = '';
      raw = '';
      continue;
    }
    raw += character;
    if (isEscape) {
      raw += next ?? '';
      word += next ?? '';
      at += 1;
    } else if (character === quote) quote = '';
    else if (quote === '' && (character === "'" || character === '"')) quote = character;
    else word += character;
  }
  return { words: [...words, word], raw, quote };
}

/**
 * A word for the shell in the style in which the person has begun it, without what is open before it: `my\ project`,
 * or inside of quotes what belongs there. Undefined where it cannot be written in these quotes.
 */
export function writeShellWord(word: string, quote: ShellLine['quote']): string | undefined {
  if (quote === "'") return word.includes("'") ? undefined : word;
  // In these, nothing keeps bash from looking for an earlier command.
  if (quote === '"') return word.includes('!') ? undefined : word.replace(/[$`"\\]/g, '\\$&');
  return word.replace(/[^\p{L}\p{N}_./:@%+,=-]/gu, '\\$&');
}
