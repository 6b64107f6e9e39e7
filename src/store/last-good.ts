/** When the committed content is copied to `registry-last-good.json`: once it has been quiet for a while. */

/** How long after the last change, in milliseconds. */
const LAST_GOOD_DELAY_MS = 10_000;

export class LastGood {
  readonly #keep: () => Promise<void>;
  #timer: NodeJS.Timeout | null = null;

  /** @param keep makes the copy; must not reject */
  constructor(keep: () => Promise<void>) {
    this.#keep = keep;
  }

  /** There is something new to keep. */
  schedule(): void {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = setTimeout(() => void this.flush(), LAST_GOOD_DELAY_MS);
    this.#timer.unref();
  }

  /** Makes a copy that is due now rather than later. */
  async flush(): Promise<void> {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    await this.#keep();
  }
}
