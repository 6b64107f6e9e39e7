/** Lines of a program that cannot be trusted to end them. */
import { isUtf8 } from 'node:buffer';

const LINE_FEED = 0x0a;
/** A longer line is thrown away, in bytes: nothing that is meant for this end is nearly as long. */
const MAX_LINE_BYTES = 64 * 1024;

/** Half of a character: what Python, too, puts in the place of a byte that is no text. */
const HALF = '\udcff';

/** Cuts bytes into lines, holding no more than {@link MAX_LINE_BYTES} of them. */
export class BoundedLines {
  #pieces: Buffer[] = [];
  #bytes = 0;
  readonly #take: (line: string) => void;
  readonly #tooLong: () => void;

  /** @param tooLong called once for each line that was thrown away */
  constructor(take: (line: string) => void, tooLong: () => void) {
    this.#take = take;
    this.#tooLong = tooLong;
  }

  push(bytes: Buffer): void {
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      this.#add(bytes.subarray(start, end));
      this.end();
      start = end + 1;
    }
    this.#add(bytes.subarray(start));
  }

  /** What came last is a line too, whether or not it was ended. */
  end(): void {
    const line = Buffer.concat(this.#pieces);
    const whole = this.#bytes <= MAX_LINE_BYTES;
    this.#pieces = [];
    this.#bytes = 0;
    if (whole) this.#take(textOf(line));
    else this.#tooLong();
  }

  #add(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes <= MAX_LINE_BYTES) this.#pieces.push(piece);
    else this.#pieces = [];
  }
}

/**
 * Bytes as text, with half of a character where some are none: a replacement character would be taken for one that was
 * meant, as in a path, which would then be that of another file.
 */
function textOf(line: Buffer): string {
  const text = line.toString();
  return isUtf8(line) ? text : text.replaceAll('\ufffd', HALF);
}
