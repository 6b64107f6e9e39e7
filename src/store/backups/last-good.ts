/**
 * When the committed content is copied to `registry-last-good.json`: soon after the first change that the copy lacks, at
 * once at a start, since a daemon that is killed again and again would never come to it, and before anything else becomes
 * a backup, so that no backup is ever newer than the copy.
 */

/** How long after the first change that the copy lacks, in milliseconds; changes that follow do not put it off. */
export const LAST_GOOD_DELAY_MS = 10_000;

export class LastGood {
  readonly #keep: () => Promise<void>;
  #timer: NodeJS.Timeout | null = null;
  /** Copies are made one after the other: an earlier one must not take the place of a later one. */
  #copying: Promise<void> = Promise.resolve();

  /** @param keep makes the copy of what is committed when it is called */
  constructor(keep: () => Promise<void>) {
    this.#keep = keep;
  }

  /**
   * There is something new to keep.
   *
   * @param delay how long it may wait, in milliseconds; default {@link LAST_GOOD_DELAY_MS}
   */
  schedule(delay = LAST_GOOD_DELAY_MS): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => void this.flush().catch(() => undefined), delay);
    this.#timer.unref();
  }

  /**
   * Makes a copy that is due now rather than later; resolves when there is none that lacks anything.
   *
   * @throws what making the copy threw; it is still due then
   */
  flush(): Promise<void> {
    this.#copying = this.#copying.then(
      () => this.#copy(),
      () => this.#copy(),
    );
    return this.#copying;
  }

  async #copy(): Promise<void> {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    try {
      await this.#keep();
    } catch (error) {
      this.schedule();
      throw error;
    }
  }
}
