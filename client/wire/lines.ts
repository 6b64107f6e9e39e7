/** Cuts a stream of bytes into lines. A line may come in any number of pieces, cut anywhere. */

const LINE_FEED = 0x0a;

export class Lines {
  /** The pieces of a line whose end has not come yet. */
  #pieces: Buffer[] = [];

  /** Takes bytes and gives the lines that they complete, without their line feeds. */
  *push(bytes: Buffer): Generator<string> {
    let start = 0;
    // Searching bytes instead of text: no character of UTF-8 contains a line feed, and a piece may end inside one.
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      yield this.#complete(bytes.subarray(start, end));
      start = end + 1;
    }
    if (start < bytes.length) this.#pieces.push(bytes.subarray(start));
  }

  #complete(rest: Buffer): string {
    if (this.#pieces.length === 0) return rest.toString();
    const line = Buffer.concat([...this.#pieces, rest]);
    this.#pieces = [];
    return line.toString();
  }
}
