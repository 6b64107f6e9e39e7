/** Signals that end this program while it has no trainer whom they would be for. */
import { constants } from 'node:os';
import type { Context } from '../context.ts';
import { obeysEscapes } from '../terminal/colour.ts';
import { shownOver } from '../terminal/gate.ts';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** Hears them until {@link Stop.end}: what was asked for is given back before this program ends. */
export class Stop {
  readonly #stopped = new AbortController();
  readonly #ctx: Context;
  readonly #handlers: readonly (readonly [NodeJS.Signals, () => void])[];

  constructor(ctx: Context) {
    this.#ctx = ctx;
    this.#handlers = ENDING.filter((name) => !ctx.host.ignoredSignals.has(name)).map((name) => [
      name,
      () => this.#stopped.abort(name),
    ]);
    for (const [name, handler] of this.#handlers) process.on(name, handler);
    ctx.host.leaveSignals();
  }

  /** Aborted by the first of them. */
  get signal(): AbortSignal {
    return this.#stopped.signal;
  }

  /** What a shell has for a program that a signal has ended; undefined where none came. */
  get exitCode(): number | undefined {
    return this.signal.aborted ? 128 + constants.signals[this.signal.reason as NodeJS.Signals] : undefined;
  }

  end(): void {
    for (const [name, handler] of this.#handlers) process.off(name, handler);
  }

  /** Takes away what the terminal has echoed of the key. */
  clear(): void {
    const { stderr, env } = this.#ctx.host;
    if (obeysEscapes(stderr, env)) stderr.write(shownOver(''));
  }
}
