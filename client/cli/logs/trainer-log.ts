/** What a trainer printed, read from its file, also while that is written. */
import type { FileHandle } from 'node:fs/promises';
import { openPlainFile } from '../../../src/system/plain-file.ts';
import { FileNews } from '../daemon/file-news.ts';
import { HEAD_BYTES, NOTE_BYTES, noteOf, readNote } from './layout.ts';

/** Read at once, in bytes. */
const PIECE_BYTES = 1024 * 1024;

export class TrainerLog {
  readonly #path: string;
  readonly #file: FileHandle;
  /** How much of what was printed has been read or was left out. */
  #position = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** @throws {NotPlainError} also for a link, which may lead anywhere; the system's errors */
  static async open(path: string): Promise<TrainerLog> {
    return new TrainerLog(path, (await openPlainFile(path, 'refuse')).handle);
  }

  /**
   * What was printed since the last time. Where some of that was left out, a line says so.
   *
   * @returns nothing at the end, and while nothing can be told because the file is being cut
   */
  async *read(): AsyncGenerator<Buffer> {
    for (;;) {
      const leftOut = await this.#leftOut();
      if (leftOut === null) return;
      const end = HEAD_BYTES + leftOut;
      if (leftOut > 0 && this.#position >= HEAD_BYTES && this.#position < end) {
        yield noteOf(end - this.#position);
        this.#position = end;
      }
      const isHead = this.#position < HEAD_BYTES;
      const at = isHead || leftOut === 0 ? this.#position : this.#position - leftOut + NOTE_BYTES;
      const room = isHead ? Math.min(PIECE_BYTES, HEAD_BYTES - at) : PIECE_BYTES;
      const { bytesRead, buffer } = await this.#file.read(Buffer.alloc(room), 0, room, at);
      // What was cut meanwhile has been something else.
      if ((await this.#leftOut()) !== leftOut) continue;
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  /** The same as it grows, until the signal comes and everything has been read. */
  async *follow(signal: AbortSignal): AsyncGenerator<Buffer> {
    const news = new FileNews(this.#path, signal);
    try {
      for (;;) {
        // Asked before reading: what is written meanwhile is noticed afterwards.
        const isLast = signal.aborted;
        const noticed = news.next();
        yield* this.read();
        if (isLast) return;
        await noticed;
      }
    } finally {
      news.close();
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #leftOut(): Promise<number | null> {
    const { bytesRead, buffer } = await this.#file.read(Buffer.alloc(NOTE_BYTES), 0, NOTE_BYTES, HEAD_BYTES);
    return bytesRead < NOTE_BYTES ? 0 : readNote(buffer);
  }
}
