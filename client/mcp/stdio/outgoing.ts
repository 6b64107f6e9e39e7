/** What is written to an agent's program, which may read it late, or never. */
import type { Writable } from 'node:stream';

/** Beyond this nothing more is begun that would be answered. UTF-16 units. */
const MAX_UNREAD = 1024 * 1024;

export class Outgoing {
  readonly #stream: Writable;
  readonly #write: Writable['write'];
  /** Lines in their order; what is to be told once more while it still waits is told once. */
  readonly #waiting = new Set<string>();
  #units = 0;
  #room: Promise<void> | undefined;

  /**
   * Takes the stream for itself: what anybody else in this process writes to it goes to another one.
   *
   * @param failed told when nobody reads any more
   */
  constructor(stream: Writable, others: Writable, failed: (reason: Error) => void) {
    this.#stream = stream;
    this.#write = stream.write.bind(stream);
    stream.write = others.write.bind(others);
    stream.on('error', failed);
    // All at once: line by line, more would come in than goes out.
    stream.on('drain', () => this.#waiting.size > 0 && this.#write(this.#taken()));
  }

  /** Whether whoever reads is behind with it. */
  get isFull(): boolean {
    return this.#stream.writableLength + this.#units > MAX_UNREAD;
  }

  /** Has something done each time when there is room again. */
  onRoom(goOn: () => void): void {
    this.#stream.on('drain', goOn);
  }

  /** Resolves when there is room: now, or never where nobody reads. */
  room(): Promise<void> {
    if (!this.#stream.writableNeedDrain) return Promise.resolve();
    this.#room ??= new Promise((resolve) => {
      this.#stream.once('drain', () => {
        this.#room = undefined;
        resolve();
      });
    });
    return this.#room;
  }

  /** @param line with its line feed */
  write(line: string): void {
    if (!this.#stream.writableNeedDrain) {
      this.#write(line);
    } else if (!this.#waiting.has(line)) {
      this.#waiting.add(line);
      this.#units += line.length;
    }
  }

  /** Resolves when all has been written, or cannot be. */
  flushed(): Promise<void> {
    return new Promise((resolve) => void this.#write(this.#taken(), () => resolve()));
  }

  #taken(): string {
    const text = [...this.#waiting].join('');
    this.#waiting.clear();
    this.#units = 0;
    return text;
  }
}
