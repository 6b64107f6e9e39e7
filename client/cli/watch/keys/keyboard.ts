/** Keys as they come from a terminal. */
import { lastly } from '../../../wire/deadline.ts';
import { isUnsure, type Key, NOTHING_READ, readAsItIs, readKeys, type Reading } from './keys.ts';

/**
 * How long an escape waits for what may belong to it, in milliseconds. A terminal sends a sequence at once, so that only a
 * network takes it apart, by much less; nobody notices that Escape comes so late; and should the rest of an arrow be later,
 * it is no key that changes anything.
 */
const ESCAPE_MS = 100;

export class Keyboard {
  readonly #pressed: (key: Key) => void;
  #reading = NOTHING_READ;
  #timer: NodeJS.Timeout | undefined;

  constructor(pressed: (key: Key) => void) {
    this.#pressed = pressed;
  }

  /** Takes what the terminal has sent. */
  read(bytes: Buffer): void {
    this.#take(readKeys(this.#reading, bytes));
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #take({ reading, keys }: ReturnType<typeof readKeys>): void {
    this.#reading = reading;
    clearTimeout(this.#timer);
    if (isUnsure(reading)) this.#timer = lastly(() => this.#asItIs(reading), ESCAPE_MS);
    for (const key of keys) this.#pressed(key);
  }

  #asItIs(reading: Reading): void {
    // Unless more has come at the last moment.
    if (reading === this.#reading) this.#take(readAsItIs(reading));
  }
}
