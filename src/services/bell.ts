/** Wakes those who wait for something to have changed; each looks for themselves whether it is what they wait for. */
export class Bell {
  #rings = 0;
  readonly #listeners: (() => void)[] = [];
  #sleepers = new Set<() => void>();

  /**
   * How often it has rung. Take it before looking at what is waited for: what changes between the look and the wait
   * would otherwise wake nobody.
   */
  get rings(): number {
    return this.#rings;
  }

  /** Calls somebody whenever it rings. */
  onRing(listener: () => void): void {
    this.#listeners.push(listener);
  }

  ring(): void {
    this.#rings += 1;
    for (const listener of this.#listeners) listener();
    const sleepers = this.#sleepers;
    this.#sleepers = new Set();
    for (const wake of sleepers) wake();
  }

  /** Resolves when it has rung more often than `heard`, or after `ms` milliseconds. */
  wait(heard: number, ms: number): Promise<void> {
    if (this.#rings !== heard) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#sleepers.add(wake);
    });
  }
}
