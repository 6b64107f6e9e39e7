/** A line as it stands in a shell, as far as completing its last word needs to know: quotes, and whether it expands. */

export interface ShellLine {
  /** Quotes and backslashes taken off; the last one ends where the line does. */
  readonly words: readonly string[];
  /** The last word as it is written. */
  readonly raw: string;
  /** The quote that is open at the end. */
  readonly quote: "'" | '"' | '';
  /** The last word has an expansion in it: it means something else than what is written. */
  readonly isLive: boolean;
}

/** Reads a line up to the cursor. What follows a pipe or a semicolon is a line of its own. */
export function readShellLine(line: string): ShellLine {
  let words: string[] = [];
  let word = '';
  let raw = '';
  let quote: ShellLine['quote'] = '';
  let isLive = false;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    const next = line[at + 1];
    const isEscape = character === '\\' && (quote === '' || (quote === '"' && /[$`"\\]/.test(next ?? '')));
    if (quote === '' && /[\s;&|()]/.test(character)) {
      if (raw !== '') words.push(word);
      if (/[;&|()]/.test(character)) words = [];
      word = '';
      raw = '';
      isLive = false;
      continue;
    }
    raw += character;
    if (isEscape) {
      raw += next ?? '';
      word += next ?? '';
      at += 1;
    } else if (character === quote) quote = '';
    else if (quote === '' && (character === "'" || character === '"')) quote = character;
    else {
      word += character;
      isLive ||= quote !== "'" && (character === '`' || (/[$!]/.test(character) && next !== undefined));
    }
  }
  return { words: [...words, word], raw, quote, isLive };
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

/**
 * The candidate as it replaces what the shell takes for the word: less than the whole after `=`, or in quotes. Undefined
 * where the whole would then not be read as the candidate, and where what is typed would be run or expanded.
 *
 * @param prefix the part of the word that the candidate stands for; what is typed before it stays: `--language=`
 * @param replaces what the shell replaces: the end of the line's last word
 */
export function replacement(
  value: string,
  { words, raw, isLive }: ShellLine,
  prefix: string,
  replaces: string,
): string | undefined {
  const kept = raw.slice(0, raw.length - replaces.length);
  // Patterns, redirections and comments are the shell's, too.
  if (isLive || !raw.endsWith(replaces) || /[#{}<>*?[~]/.test(kept)) return undefined;
  const {
    words: [start = ''],
    quote,
  } = readShellLine(kept);
  const typed = words.at(-1) ?? '';
  const whole = typed.slice(0, typed.length - prefix.length) + value;
  const text = writeShellWord(whole.slice(start.length), quote);
  return text !== undefined && readShellLine(kept + text).words[0] === whole ? text : undefined;
}
