/** Lines that have come in and are not read yet: those before them have no answer, or nobody has read it. */

/** Far more than any program asks for at once: some 50,000 calls. Bytes. */
export const MAX_BACKLOG = 8 * 1024 * 1024;
/** What a line takes beside its bytes, roughly. */
const LINE_COST = 64;

/** Null stands for a line that was too long. */
export type Line = string | null;

export class Backlog {
  /** The last first, as that is where an array of any length is short to take from. */
  #first: Line[] = [];
  #others: Line[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#first.length + this.#others.length === 0;
  }

  /** @returns false where there is no room for it */
  add(line: Line): boolean {
    const bytes = costOf(line);
    if (this.#bytes + bytes > MAX_BACKLOG) return false;
    this.#bytes += bytes;
    this.#others.push(line);
    return true;
  }

  take(): Line | undefined {
    if (this.#first.length === 0) {
      this.#first = this.#others.toReversed();
      this.#others = [];
    }
    const line = this.#first.pop();
    if (line !== undefined) this.#bytes -= costOf(line);
    return line;
  }
}

function costOf(line: Line): number {
  return LINE_COST + (line?.length ?? 0);
}
