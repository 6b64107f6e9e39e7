/** What comes in from one peer: lines, put together from pieces of any length. */
import { MAX_LINE_BYTES } from '../protocol/limits.ts';

const LINE_FEED = 0x0a;
const NOTHING: Buffer = Buffer.alloc(0);

export class Inbox {
  /** What was received and not looked at. */
  #received = NOTHING;
  /** The beginning of a line whose end has not come yet, with room for more. */
  #partial = NOTHING;
  #partialBytes = 0;

  /** What was received and not looked at, because enough is under way. Bytes. */
  get waiting(): number {
    return this.#received.length;
  }

  /** How much there is of a line whose end has not come yet. Bytes. */
  get begun(): number {
    return this.#partialBytes;
  }

  /** The memory that is held for that line. Bytes. */
  get reserved(): number {
    return this.#partial.length;
  }

  /** Whether a whole line waits. */
  get hasLine(): boolean {
    return this.#received.includes(LINE_FEED);
  }

  add(chunk: Buffer): void {
    this.#received = this.waiting > 0 ? Buffer.concat([this.#received, chunk]) : chunk;
  }

  /** Takes the next line, or what there is of the last one, without its line feed; null for one that is too long. */
  take(): Buffer | null {
    const end = this.#received.indexOf(LINE_FEED);
    const piece = end === -1 ? this.#received : this.#received.subarray(0, end);
    this.#received = end === -1 ? NOTHING : this.#received.subarray(end + 1);
    if (this.begun + piece.length > MAX_LINE_BYTES) return null;
    if (this.begun === 0) return piece;
    this.#keep(piece);
    const line = this.#partial.subarray(0, this.begun);
    this.#partial = NOTHING;
    this.#partialBytes = 0;
    return line;
  }

  /** Puts what is no whole line with the beginning of its line; returns whether that can still become one. */
  begin(): boolean {
    this.#keep(this.#received);
    this.#received = NOTHING;
    return this.begun <= MAX_LINE_BYTES;
  }

  /** Forgets everything. */
  clear(): void {
    this.#received = NOTHING;
    this.#partial = NOTHING;
    this.#partialBytes = 0;
  }

  /** Copies a piece of a line: a peer that sends byte by byte must not cost a buffer each. */
  #keep(piece: Buffer): void {
    const bytes = this.#partialBytes + piece.length;
    if (bytes > this.#partial.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#partial.length));
      this.#partial.copy(larger, 0, 0, this.#partialBytes);
      this.#partial = larger;
    }
    piece.copy(this.#partial, this.#partialBytes);
    this.#partialBytes = bytes;
  }
}
