/** Cuts a stream of bytes into lines. A line may come in any number of pieces, cut anywhere. */

const LINE_FEED = 0x0a;

export class Lines {
  readonly #most: number;
  /** The pieces of a line whose end has not come yet; none of one that is too long. */
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** @param most a longer line is thrown away, in bytes; default none is */
  constructor(most = Infinity) {
    this.#most = most;
  }

  /** Takes bytes and gives the lines that they complete, without their line feeds; null for one that was thrown away. */
  *push(bytes: Buffer): Generator<Buffer | null> {
    let start = 0;
    // Searching bytes instead of text: no character of UTF-8 contains a line feed, and a piece may end inside one.
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      this.#keep(bytes.subarray(start, end));
      yield this.end();
      start = end + 1;
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start));
  }

  /** What came last, which may be nothing, as a line: whether or not it was ended. */
  end(): Buffer | null {
    const [first, ...others] = this.#pieces;
    const line = first && others.length === 0 ? first : Buffer.concat(this.#pieces);
    const whole = this.#bytes <= this.#most;
    this.#pieces = [];
    this.#bytes = 0;
    return whole ? line : null;
  }

  #keep(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes <= this.#most) this.#pieces.push(piece);
    else this.#pieces = [];
  }
}
