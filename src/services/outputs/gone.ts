/**
 * Outputs that were taken away, or are about to be. A disk is asked before a change is queued, and may be right no more
 * when that is made: what went in between is known here.
 */
export class Gone {
  /** By path: when, in steps of whoever asks or takes. */
  readonly #at = new Map<string, number>();
  #now = 0;

  /** To be given to {@link Gone.hasSince}; from before a disk is asked. */
  now(): number {
    return (this.#now += 1);
  }

  /** The next who looks whether it is there finds the truth. */
  add(directory: string): void {
    this.#at.set(directory, this.now());
  }

  /** It has stayed. */
  delete(directory: string): void {
    this.#at.delete(directory);
  }

  hasSince(directory: string, then: number): boolean {
    return (this.#at.get(directory) ?? 0) > then;
  }
}
