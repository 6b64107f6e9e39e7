/** A file of lines that is renamed when it is long, and that never fails whoever writes to it. */
import { closeSync, existsSync, fstatSync, renameSync, rmSync, writeSync } from 'node:fs';
import { openForLines } from './system/open-lines.ts';

/** A log file is renamed once it is this long. */
export const MAX_LOG_BYTES = 5 * 1024 * 1024;
/** `registry.log.1` is the newest old file. */
export const OLD_LOG_FILES = 3;

/** How often to make sure that the file is still there. Milliseconds. */
const LOOK_EVERY_MS = 1_000;

/**
 * Lines are written before the call returns: what waits in memory is lost when the process is killed, and grows where
 * the disk takes no more. A line that cannot be written is dropped.
 */
export class LogFile {
  readonly #path: string;
  #descriptor: number;
  #bytes: number;
  #lookedAt = performance.now();
  /** The last line was cut short: the next one must not stand on it. */
  #cut = false;
  /** The file has its next name and there is none in its place yet. */
  #renamed = false;

  /** @throws when the file cannot be opened */
  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openForLines(path);
    this.#bytes = fstatSync(this.#descriptor).size;
  }

  write(line: string): void {
    if (this.#bytes >= MAX_LOG_BYTES) this.#rotate();
    else if (performance.now() - this.#lookedAt > LOOK_EVERY_MS) this.#look();
    const bytes = Buffer.from(this.#cut ? `\n${line}` : line);
    const written = attempt(() => writeSync(this.#descriptor, bytes)) ?? 0;
    if (written > 0) this.#cut = written < bytes.length;
    this.#bytes += written;
  }

  /** Begins a new file where the old one was deleted: its lines would be written where nobody can read them. */
  #look(): void {
    this.#lookedAt = performance.now();
    if (attempt(() => fstatSync(this.#descriptor).nlink) === 0) this.#reopen();
  }

  #rotate(): void {
    if (!this.#renamed) {
      attempt(() => rmSync(`${this.#path}.${OLD_LOG_FILES}`, { force: true }));
      for (let number = OLD_LOG_FILES - 1; number >= 0; number -= 1) {
        const from = number === 0 ? this.#path : `${this.#path}.${number}`;
        // The first files of a new log have no predecessors; a directory that refuses keeps the file growing.
        const done = attempt(() => {
          renameSync(from, `${this.#path}.${number + 1}`);
          return true;
        });
        if (number === 0) this.#renamed = done ?? !existsSync(from);
      }
    }
    if (this.#renamed) this.#reopen();
  }

  #reopen(): void {
    const next = attempt(() => openForLines(this.#path));
    // Without a new file the lines go on into the old one, under its new name, and a later line tries again.
    if (next === undefined) return;
    attempt(() => closeSync(this.#descriptor));
    this.#descriptor = next;
    this.#bytes = attempt(() => fstatSync(next).size) ?? 0;
    this.#cut = false;
    this.#renamed = false;
  }
}

/** What went wrong with the log cannot be logged, and must not fail what was to be logged. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
