/**
 * Keeps the socket and its note from being removed for their age, as systemd-tmpfiles, tmpreaper and macOS do in
 * temporary directories.
 *
 * systemd-tmpfiles leaves a socket alone on which somebody listens, and knows it by the name that it was bound to, which
 * is another one (see `claim.ts`). Binding in place would not help the note, nor against others.
 */
import { utimes } from 'node:fs/promises';
import { isMissing } from '../system/errors.ts';

/** Six hours are what the XDG specification says of `XDG_RUNTIME_DIR`; days are usual elsewhere. Milliseconds. */
export const TOUCH_EVERY_MS = 3_600_000;

export class KeepYoung {
  readonly #files: readonly string[];
  #touchedAt = Date.now();

  constructor(files: readonly string[]) {
    this.#files = files;
  }

  /**
   * To be called every few seconds; touches the files every hour. That goes by the clock on the wall, which goes on while
   * the machine sleeps, as the age of files does.
   *
   * @throws the system's error where a file cannot be touched; one that is gone is not missed here
   */
  async tick(): Promise<void> {
    const now = Date.now();
    // Also when the clock was set back.
    if (Math.abs(now - this.#touchedAt) < TOUCH_EVERY_MS) return;
    this.#touchedAt = now;
    for (const file of this.#files) {
      try {
        await utimes(file, now / 1000, now / 1000);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
  }
}
