/** Reading a log file to its end, and going on when it grows or is replaced. */
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { ifMissing } from '../../../src/system/errors.ts';
import { FileNews } from './file-news.ts';

const NEWLINE = 0x0a;

/** How many old files a log has; `log.1` is the newest. */
export const OLD_FILES = 3;

/**
 * Gives the complete lines of a file as they come, in portions, for as long as the signal allows. A file that is renamed is
 * read to its end before the one that took its place, also where that has been renamed by then; one that was cut is
 * read again from its start.
 *
 * @param last of the lines that are there already, at most so many are given
 * @param wanted only such lines are given, and counted
 */
export async function* followLines(
  path: string,
  last: number,
  signal: AbortSignal,
  wanted: (line: string) => boolean = () => true,
): AsyncIterable<string[]> {
  const news = new FileNews(path, signal);
  let current: Reader | undefined;
  let keep = last;
  try {
    while (!signal.aborted) {
      // Asked before reading: what is written meanwhile is noticed afterwards.
      const noticed = news.next();
      current ??= await Reader.open(path);
      if (current) {
        const lines = (await current.lines()).filter(wanted);
        const shown = lines.slice(Math.max(0, lines.length - keep));
        if (shown.length > 0) yield shown;
        if (!(await current.isAt(path))) {
          // It may have got its last lines between reading it and its being renamed.
          const rest = (await current.lines()).filter(wanted);
          if (rest.length > 0) yield rest;
          const next = await successorOf(current, path);
          await current.close();
          current = next;
          keep = Number.POSITIVE_INFINITY;
          if (next) continue;
        }
      }
      keep = Number.POSITIVE_INFINITY;
      await noticed;
    }
  } finally {
    await current?.close();
    news.close();
  }
}

/** What took the place of a file that was renamed, or deleted; undefined while nothing has. */
async function successorOf(reader: Reader, path: string): Promise<Reader | undefined> {
  const names = [path, ...Array.from({ length: OLD_FILES }, (_, number) => `${path}.${number + 1}`)];
  for (;;) {
    let at = names.length - 1;
    while (at > 0 && !(await reader.isAt(names[at] ?? path))) at -= 1;
    const next = await Reader.open(names[Math.max(0, at - 1)] ?? path);
    // Renamed once more in between, it would be the one after the next.
    if (at === 0 || (await reader.isAt(names[at] ?? path))) return next;
    await next?.close();
  }
}

/** The complete lines that a file holds; none when it does not exist. */
export async function readLines(path: string): Promise<string[]> {
  const reader = await Reader.open(path);
  try {
    return (await reader?.lines()) ?? [];
  } finally {
    await reader?.close();
  }
}

class Reader {
  readonly #file: FileHandle;
  #position = 0;
  #rest = Buffer.alloc(0);

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<Reader | undefined> {
    // A pipe of that name must not be waited for.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    const file = await open(path, flags).catch(ifMissing(undefined));
    if (!file) return undefined;
    if ((await file.stat()).isFile()) return new Reader(file);
    await file.close();
    throw Object.assign(new Error(`${path} is no regular file`), { code: 'EFTYPE', syscall: 'open' });
  }

  /** The lines since the last time; one without its end waits for it. */
  async lines(): Promise<string[]> {
    const { size } = await this.#file.stat();
    if (size < this.#position) {
      this.#position = 0;
      this.#rest = Buffer.alloc(0);
    }
    const chunks = [this.#rest];
    while (this.#position < size) {
      const room = Buffer.alloc(Math.min(size - this.#position, 1024 * 1024));
      const { bytesRead } = await this.#file.read(room, 0, room.length, this.#position);
      if (bytesRead === 0) break;
      this.#position += bytesRead;
      chunks.push(room.subarray(0, bytesRead));
    }
    const bytes = Buffer.concat(chunks);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    this.#rest = bytes.subarray(end);
    return end === 0 ? [] : bytes.toString('utf8', 0, end - 1).split('\n');
  }

  /** Whether the path still leads to this file. */
  async isAt(path: string): Promise<boolean> {
    const here = await this.#file.stat();
    const there = await stat(path).catch(ifMissing(null));
    return there?.ino === here.ino && there.dev === here.dev;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
