/** `gardener train --claim --loop`: one project after the other, until nothing waits any more. */
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { isRefusal } from '../../../src/domain/errors.ts';
import type { Context } from '../context.ts';
import { EXIT, explain } from '../errors.ts';
import { printable } from '../terminal/text.ts';
import type { Finish } from './end.ts';
import type { Begun } from './environment.ts';
import { isPassing } from './lease.ts';
import { tookWords } from './progress-words.ts';
import { NOT_EXECUTABLE, NOT_FOUND } from './run.ts';
import { RETRY_MS } from './wait.ts';

/** For how long a daemon is waited for that goes away between two trainings. Milliseconds. */
const PATIENCE_MS = 30_000;
/** So many that were not trained are named; of more their number. */
const MAX_NAMED = 5;

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

export interface Round {
  /** Takes the next project; null where none waits. */
  readonly claim: (signal: AbortSignal) => Promise<Begun | null>;
  readonly train: (begun: Begun) => Promise<Finish>;
}

/** Trains until nothing waits, a signal ends it, or the trainer cannot be run; then sums up, and sets the exit code. */
export async function trainAll(ctx: Context, round: Round): Promise<void> {
  const started = performance.now();
  const done: Finish[] = [];
  const stop = new AbortController();
  const handlers = ENDING.filter((name) => !ctx.host.ignoredSignals.has(name)).map(
    (name) => [name, () => stop.abort(name)] as const,
  );
  for (const [name, handler] of handlers) process.on(name, handler);
  ctx.host.leaveSignals();
  try {
    for (;;) {
      const begun = await next(round, stop.signal, done.length > 0);
      if (!begun) break;
      const finish = await finished(ctx, round, begun);
      done.push(finish);
      if (stop.signal.aborted || [NOT_FOUND, NOT_EXECUTABLE].includes(finish.exitCode)) break;
    }
  } catch (error) {
    ctx.besideError = { trainings: done.map(({ document }) => document) };
    throw error;
  } finally {
    for (const [name, handler] of handlers) process.off(name, handler);
    ctx.note(summary(done, (performance.now() - started) / 1000));
  }
  ctx.exitCode = exitCode(done, stop.signal);
  if (ctx.json) ctx.printJson({ trainings: done.map(({ document }) => document) });
}

/** The next project; null where none waits, or the wait has been ended by a signal. */
async function next({ claim }: Round, signal: AbortSignal, isLater: boolean): Promise<Begun | null> {
  const limit = performance.now() + (isLater ? PATIENCE_MS : 0);
  while (!signal.aborted) {
    try {
      return await claim(signal);
    } catch (error) {
      if (signal.aborted) break;
      if (!isPassing(error) || performance.now() > limit) throw error;
      await pause(RETRY_MS);
    }
  }
  return null;
}

/** What was lost is told, and is no reason to leave the others. */
async function finished(ctx: Context, { train }: Round, begun: Begun): Promise<Finish> {
  try {
    return await train(begun);
  } catch (error) {
    if (!isRefusal(error, 'lease_lost', 'project_not_found')) throw error;
    const { message, hint, exitCode, document } = explain(error, ctx.hints);
    ctx.note(`gardener: ${printable(message)}`);
    if (hint !== undefined) ctx.note(`try: ${hint}`);
    const known = { outcome: 'lost', exit_code: null, ...ctx.besideError };
    ctx.besideError = {};
    return { exitCode, name: begun.project.name, document: { ...known, error: document } };
  }
}

function exitCode(done: readonly Finish[], { aborted, reason }: AbortSignal): number {
  if (aborted) return 128 + constants.signals[reason as NodeJS.Signals];
  const last = done.at(-1)?.exitCode;
  if (last === NOT_FOUND || last === NOT_EXECUTABLE) return last;
  if (done.length === 0) return EXIT.nothingWaits;
  return done.find((one) => one.exitCode !== EXIT.ok)?.exitCode ?? EXIT.ok;
}

/** `trained 3 projects in 5 min 17 s; failed: web, api; cancelled: engine`. */
function summary(done: readonly Finish[], seconds: number): string {
  if (done.length === 0) return 'no project waits for training';
  const trained = done.filter(({ document }) => document.outcome === 'completed').length;
  const others = new Map<string, string[]>();
  for (const { name, document } of done) {
    if (document.outcome === 'completed') continue;
    others.set(document.outcome, [...(others.get(document.outcome) ?? []), printable(name)]);
  }
  const parts = Array.from(others, ([outcome, names]) => {
    const more = names.length > MAX_NAMED ? [`and ${names.length - MAX_NAMED} more`] : [];
    return `${outcome}: ${[...names.slice(0, MAX_NAMED), ...more].join(', ')}`;
  });
  return [`trained ${trained} of ${done.length} claimed in ${tookWords(seconds)}`, ...parts].join('; ');
}
