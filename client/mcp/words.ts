/** What others have written, in a sentence for a model: where it begins and ends can be seen, whatever it holds. */
import { printable } from '../../src/system/printable.ts';

/** In quotes, as JSON has them. */
export function quoted(text: string): string {
  return `"${printable(text.replaceAll(/["\\]/g, '\\$&'))}"`;
}

/** As it is where nothing in it could be taken for words of the sentence, as in most paths and tags; in quotes otherwise. */
export function plainOrQuoted(text: string): string {
  return /^[\p{L}\p{N}_./:@%+=#~-]+$/u.test(text) ? text : quoted(text);
}
