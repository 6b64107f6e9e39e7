/** Words as a shell takes them, for commands that somebody copies. */
import { printable } from './printable.ts';

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
