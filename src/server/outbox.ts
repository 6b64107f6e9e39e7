/** What goes out to one peer: lines, as few writes as possible, and no more given to the socket than it takes. */
import type { Socket } from 'node:net';

/**
 * A write has about this length. Short lines are put together to it; a long one is cut, so that it can be seen that a
 * peer reads it. Characters of lines, bytes of cut ones.
 */
const WRITE_LENGTH = 256 * 1024;

export class Outbox {
  readonly #socket: Socket;
  /** Lines, and what is left of one that was cut. */
  #waiting: (string | Buffer)[] = [];
  #bytes = 0;
  #isEnding = false;
  #flushScheduled = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether nothing more is taken. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** What waits here or in the socket. Bytes. */
  get bytes(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  /** Takes a line without its line feed. What comes too late for the peer is dropped. */
  add(line: string): void {
    if (this.#isEnding) return;
    this.#waiting.push(line);
    this.#bytes += sizeOf(line);
  }

  /** Closes the connection for writing when everything is sent. */
  end(): void {
    this.#isEnding = true;
    this.flush();
  }

  /** Soon, with what else is added in this turn of the event loop. */
  scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      this.flush();
    });
  }

  /** Gives the socket what it takes. */
  flush(): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) {
      this.#waiting = [];
      this.#bytes = 0;
      return;
    }
    while (this.#waiting.length > 0 && !this.#socket.writableNeedDrain) this.#socket.write(this.#nextWrite());
    if (this.#isEnding && this.#waiting.length === 0) this.#socket.end();
  }

  #nextWrite(): string | Buffer {
    const [first = ''] = this.#waiting;
    if (typeof first !== 'string' || first.length > WRITE_LENGTH) {
      const rest = typeof first === 'string' ? encode(first) : first;
      const piece = rest.subarray(0, WRITE_LENGTH);
      if (rest.length > WRITE_LENGTH) this.#waiting[0] = rest.subarray(WRITE_LENGTH);
      else this.#waiting.shift();
      this.#bytes -= piece.length;
      return piece;
    }
    let end = 0;
    let length = 0;
    for (const line of this.#waiting) {
      if (typeof line !== 'string' || length + line.length > WRITE_LENGTH) break;
      length += line.length;
      end += 1;
    }
    const lines = this.#waiting.splice(0, end) as string[];
    for (const line of lines) this.#bytes -= sizeOf(line);
    return `${lines.join('\n')}\n`;
  }
}

/** A line with its line feed, which the longest strings have no room for. */
function encode(line: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(sizeOf(line));
  bytes[bytes.write(line)] = 0x0a;
  return bytes;
}

/** With the line feed. */
function sizeOf(line: string): number {
  return Buffer.byteLength(line) + 1;
}
