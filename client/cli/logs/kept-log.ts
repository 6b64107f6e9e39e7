/** Keeps what a trainer prints in a file beside what it makes. Never holds the trainer up, and never fails it. */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { TRAINER_LOG } from '../../../src/domain/training/output.ts';
import { systemReason } from '../../../src/system/errors.ts';
import { cuttingNote, HEAD_BYTES, MAX_FILE_BYTES, MAX_LOG_BYTES, noteOf, TAIL_BYTES } from './layout.ts';

/** Never through a link, nor into what is there already: nobody but this process has the file. */
const ANEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** How long the end waits for a disk that does not answer. Milliseconds. */
const PATIENCE_MS = 5_000;

/**
 * At most 8 MiB wait in memory for a slow disk: the first half of what is kept, and as much of the end. The file is known
 * by its descriptor only once it is open, whatever the trainer makes of its name.
 */
export class KeptLog {
  readonly #path: string;
  readonly #incomplete: (why: string) => void;
  #file: FileHandle | undefined;
  /** Of the beginning, and of what comes after it. */
  readonly #head: Buffer[] = [];
  #tail: Buffer[] = [];
  #tailBytes = 0;
  /** What was printed until now, and how much of it has been taken from what waits or thrown away. */
  #printed = 0;
  #taken = 0;
  #fileBytes = 0;
  #writing: Promise<void> | undefined;
  #hasFailed = false;

  private constructor(path: string, incomplete: (why: string) => void) {
    this.#path = path;
    this.#incomplete = incomplete;
  }

  /**
   * Begins the log of a training.
   *
   * @param directory its output
   * @param incomplete is told, once, why the log does not have everything
   */
  static async begin(directory: string, incomplete: (why: string) => void): Promise<KeptLog> {
    const log = new KeptLog(join(directory, TRAINER_LOG), incomplete);
    try {
      log.#file = await open(log.#path, ANEW, 0o600);
    } catch (error) {
      log.#fail(error);
    }
    return log;
  }

  /** Takes what was printed; it is written as soon as the disk takes it. */
  push(bytes: Buffer): void {
    if (this.#hasFailed) return;
    const room = Math.max(0, HEAD_BYTES - this.#printed);
    this.#printed += bytes.length;
    if (room > 0) this.#head.push(bytes.subarray(0, room));
    if (bytes.length > room) {
      this.#tail.push(bytes.subarray(room));
      this.#tailBytes += bytes.length - room;
      this.#dropOldest();
    }
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Says once more what a person should know who reads the log, in a line of its own. */
  note(text: string): void {
    this.push(Buffer.from(`[gardener: ${text}]\n`));
  }

  /** Everything was printed: resolves when the file is as it stays. */
  async end(): Promise<void> {
    const patience = new AbortController();
    const ended = this.#end().then(() => true);
    const inTime = await Promise.race([
      ended,
      pause(PATIENCE_MS, false, { signal: patience.signal }).catch(() => false),
    ]);
    patience.abort();
    if (!inTime) this.#fail(new Error('the disk does not answer'));
  }

  async #end(): Promise<void> {
    await this.#writing;
    const file = this.#file;
    if (!file) return;
    try {
      if (!this.#hasFailed && this.#fileBytes > MAX_LOG_BYTES) await this.#cut(file, Buffer.alloc(0));
      if (!this.#hasFailed && !(await isAt(file, this.#path))) throw new Error('it was moved or removed');
    } catch (error) {
      this.#fail(error);
    } finally {
      await file.close();
    }
  }

  /** What nobody will read any more need not be written. */
  #dropOldest(): void {
    while (this.#tailBytes - (this.#tail[0]?.length ?? 0) >= TAIL_BYTES) {
      this.#tailBytes -= this.#tail.shift()?.length ?? 0;
    }
  }

  async #writeAll(): Promise<void> {
    const file = this.#file;
    if (!file) return;
    try {
      while (!this.#hasFailed) {
        const head = this.#head.shift();
        if (head) {
          this.#taken += head.length;
          await this.#write(file, head, this.#fileBytes);
        } else if (this.#tailBytes > 0) await this.#writeTail(file);
        else return;
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  async #writeTail(file: FileHandle): Promise<void> {
    const bytes = Buffer.concat(this.#tail);
    const isWhole = this.#taken + bytes.length === this.#printed;
    this.#tail = [];
    this.#tailBytes = 0;
    this.#taken = this.#printed;
    if (isWhole && this.#fileBytes + bytes.length <= MAX_FILE_BYTES) {
      await this.#write(file, bytes, this.#fileBytes);
    } else await this.#cut(file, bytes, isWhole);
  }

  /**
   * Leaves out the middle.
   *
   * @param last what is to stand at the end and is not in the file yet
   * @param isNext whether it follows what is in the file
   */
  async #cut(file: FileHandle, last: Buffer, isNext = true): Promise<void> {
    const printed = this.#taken;
    const kept = isNext ? Buffer.alloc(Math.max(0, TAIL_BYTES - last.length)) : Buffer.alloc(0);
    if (kept.length > 0) await readAll(file, kept, this.#fileBytes - kept.length);
    const tail = Buffer.concat([kept, last]).subarray(-TAIL_BYTES);
    await this.#write(file, Buffer.concat([cuttingNote(), tail]), HEAD_BYTES);
    await file.truncate(this.#fileBytes);
    await file.write(noteOf(printed - HEAD_BYTES - tail.length), 0, null, HEAD_BYTES);
  }

  /** Writes up to where the file then ends. */
  async #write(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
    }
    this.#fileBytes = at + bytes.length;
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#head.length = 0;
    this.#tail = [];
    this.#incomplete(systemReason(error));
  }
}

/** @throws where the file is shorter than it was written */
async function readAll(file: FileHandle, into: Buffer, at: number): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(into, done, into.length - done, at + done);
    if (bytesRead === 0) throw new Error('somebody else has cut it');
    done += bytesRead;
  }
}

/** Whether a path still leads to a file that is open. */
async function isAt(file: FileHandle, path: string): Promise<boolean> {
  const here = await file.stat({ bigint: true });
  const there = await lstat(path, { bigint: true }).catch(() => undefined);
  return there?.ino === here.ino && there.dev === here.dev;
}
