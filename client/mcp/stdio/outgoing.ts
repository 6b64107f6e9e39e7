/** What is written to an agent's program, which may read it late, or never. */
import type { Writable } from 'node:stream';

/** Beyond this nothing more is begun that would be answered. UTF-16 units. */
const MAX_UNREAD = 1024 * 1024;

export class Outgoing {
  readonly #stream: Writable;
  readonly #write: Writable['write'];
  readonly #waiting: string[] = [];
  /** Of those, what nobody has asked for: to be told once, however often it is news while it waits. */
  readonly #news = new Set<string>();
  #units = 0;
  #room: Promise<void> | undefined;

  /**
   * @param write what writes to the stream, where others' writing goes elsewhere
   * @param failed told why nothing can be written, such as that nobody reads any more; nobody else is told so
   */
  constructor(stream: Writable, write: Writable['write'], failed: (reason: Error) => void) {
    this.#stream = stream;
    this.#write = write;
    stream.removeAllListeners('error').on('error', failed);
    // All at once: line by line, more would come in than goes out.
    stream.on('drain', () => this.#waiting.length > 0 && this.#write(this.#taken()));
  }

  /** Whether whoever reads is behind with it. */
  get isFull(): boolean {
    return this.#stream.writableLength + this.#units > MAX_UNREAD;
  }

  /** Has something done each time when there is room again. */
  onRoom(goOn: () => void): void {
    this.#stream.on('drain', goOn);
  }

  /** @param line with its line feed */
  write(line: string): void {
    if (!this.#stream.writableNeedDrain) {
      this.#write(line);
    } else {
      this.#waiting.push(line);
      this.#units += line.length;
    }
  }

  /**
   * Writes what is news. Resolves when there is room: now, or never where nobody reads.
   *
   * @param line with its line feed
   */
  tell(line: string): Promise<void> {
    const waits = this.#stream.writableNeedDrain;
    if (!waits || !this.#news.has(line)) this.write(line);
    if (waits) this.#news.add(line);
    if (!this.#stream.writableNeedDrain) return Promise.resolve();
    this.#room ??= new Promise((resolve) => {
      this.#stream.once('drain', () => {
        this.#room = undefined;
        resolve();
      });
    });
    return this.#room;
  }

  /** Resolves when all has been written, or cannot be. */
  flushed(): Promise<void> {
    return new Promise((resolve) => void this.#write(this.#taken(), () => resolve()));
  }

  #taken(): string {
    const text = this.#waiting.join('');
    this.#waiting.length = 0;
    this.#news.clear();
    this.#units = 0;
    return text;
  }
}
