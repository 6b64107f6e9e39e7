/** Lines of a program that cannot be trusted to end them, or to write text. */
import { isUtf8 } from 'node:buffer';
import { Lines } from '../../../../src/system/lines.ts';

/** Nothing that is meant for this end is nearly as long. Bytes. */
const MAX_LINE_BYTES = 64 * 1024;

/** Half of a character: what Python, too, puts in the place of a byte that is no text. */
const HALF = '\udcff';

export class BoundedLines {
  readonly #lines = new Lines(MAX_LINE_BYTES);
  readonly #take: (line: string | undefined) => void;

  /** @param take called with each line; with undefined for one that is too long and was thrown away */
  constructor(take: (line: string | undefined) => void) {
    this.#take = take;
  }

  push(bytes: Buffer): void {
    for (const line of this.#lines.push(bytes)) this.#take(textOf(line));
  }

  /** What came last is a line too, whether or not it was ended. */
  end(): void {
    this.#take(textOf(this.#lines.end()));
  }
}

/**
 * Bytes as text, with half of a character where some are none: a replacement character would be taken for one that was
 * meant, as in a path, which would then be that of another file.
 */
function textOf(line: Buffer | null): string | undefined {
  const text = line?.toString();
  return line === null || isUtf8(line) ? text : text?.replaceAll('\ufffd', HALF);
}
