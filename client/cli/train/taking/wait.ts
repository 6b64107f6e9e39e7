/** Waiting for longer than the daemon waits in one call, and through a daemon that goes away meanwhile. */
import { setTimeout as pause } from 'node:timers/promises';
import { MAX_WAIT_MS } from '../../../../src/protocol/limits.ts';
import { ConnectionError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { explain } from '../../errors.ts';
import { isPassing } from '../../../training/refusals.ts';

/** Before asking again a daemon that was just not there. Milliseconds. */
export const RETRY_MS = 500;
/** A restart is over sooner. Milliseconds. */
const GONE_MS = 3_000;

/** A wait for as long as somebody wants to. */
export class Wait {
  /** Ends it, by being thrown. */
  readonly signal: AbortSignal | undefined;
  readonly #ctx: Context;
  readonly #limit: number;
  readonly #said = new Set<string>();
  /** Since when nobody listens, and when that was last seen. */
  #gone = { since: 0, seen: -Infinity };

  /** @param seconds true for as long as it takes */
  constructor(ctx: Context, seconds: number | true, signal?: AbortSignal) {
    this.#ctx = ctx;
    this.#limit = seconds === true ? Infinity : performance.now() + seconds * 1000;
    this.signal = signal;
  }

  /** Milliseconds. */
  get left(): number {
    return Math.max(0, this.#limit - performance.now());
  }

  /** How long the daemon may wait in the next call, in milliseconds. */
  turn(most = MAX_WAIT_MS): number {
    return Math.min(most, Math.ceil(this.left));
  }

  /** Asks until there is an answer or the time is up; once at least, and without waiting at the end. */
  async inTurns<T>(ask: (waitMs: number) => Promise<T | null>): Promise<T | null> {
    for (;;) {
      const turn = this.turn();
      const answer = await ask(turn);
      if (answer !== null || turn === 0) return answer;
    }
  }

  /**
   * Pauses until it is worth asking a daemon again that could not answer. One that stays away is started: whoever waits
   * holds no lease, and nobody else may come who would need it.
   *
   * @throws {ConnectionError} where none can ever be started
   */
  async overcome(error: unknown): Promise<void> {
    if (error instanceof ConnectionError && error.reason === 'not_running') {
      const now = performance.now();
      const isStill = now - this.#gone.seen < GONE_MS;
      this.#gone = { since: isStill ? this.#gone.since : now, seen: now };
      if (now - this.#gone.since >= GONE_MS) await this.#start(error);
    }
    await pause(Math.min(RETRY_MS, this.left), undefined, { signal: this.signal });
  }

  async #start(missing: ConnectionError): Promise<void> {
    const { autoStart, socketAlone } = this.#ctx;
    if (!autoStart) return this.#sayWhy(missing);
    if (!socketAlone) this.#say('gardener: the daemon is gone, and is started again');
    try {
      await this.#ctx.withClient((client) => client.daemon.ping(), { signal: this.signal });
      // It may go once more.
      this.#said.clear();
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.#sayWhy(error);
    }
    this.#gone.seen = -Infinity;
  }

  #sayWhy(error: unknown): void {
    const { message, hint } = explain(error, {}, this.#ctx.socketAlone);
    this.#say(`gardener: waiting for the daemon: ${this.#ctx.tildes(message)}`);
    if (hint !== undefined) this.#say(`try: ${hint}`);
  }

  /** Once. */
  #say(line: string): void {
    if (this.#said.has(line)) return;
    this.#said.add(line);
    this.#ctx.note(line);
  }
}
