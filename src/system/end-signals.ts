/** SIGTERM and SIGINT: the first asks a program to end, and a second one forces it. */

/** A signal that comes again this soon is the same wish. Milliseconds. */
const SAME_WISH_MS = 500;

/**
 * Tells a wish from its repetition, by when each signal arrives.
 *
 * `timeout` signals its command and then the group, which the command is in; npm and others pass on a Ctrl-C that the
 * terminal has sent to everybody. Both come as the same signal twice, at once, and mean one. Another signal, or the same
 * one later, is somebody who has lost patience.
 *
 * @param now milliseconds of a clock that is never set
 */
export class EndSignals {
  readonly #now: () => number;
  #first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** What a signal that has just arrived means. */
  heard(signal: NodeJS.Signals): 'end' | 'same' | 'force' {
    const at = this.#now();
    if (!this.#first) {
      this.#first = { signal, at };
      return 'end';
    }
    return signal === this.#first.signal && at - this.#first.at < SAME_WISH_MS ? 'same' : 'force';
  }
}
