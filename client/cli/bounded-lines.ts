/** Lines of a program that cannot be trusted to end them. */

const LINE_FEED = 0x0a;
/** A longer line is thrown away, in bytes: nothing that is meant for this end is nearly as long. */
const MAX_LINE_BYTES = 64 * 1024;

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
    if (whole) this.#take(line.toString());
    else this.#tooLong();
  }

  #add(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes <= MAX_LINE_BYTES) this.#pieces.push(piece);
    else this.#pieces = [];
  }
}
