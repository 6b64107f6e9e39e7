/** `gardener train --claim --loop`: one project after the other, until nothing waits any more. */
import { setTimeout as pause } from 'node:timers/promises';
import { isRefusal } from '../../../src/domain/values/refusal.ts';
import type { Context } from '../context.ts';
import { EXIT, explain } from '../errors.ts';
import { printable } from '../terminal/text.ts';
import type { Finish } from './end.ts';
import type { Begun } from './environment.ts';
import { isPassing } from '../../training/refusals.ts';
import { tookWords } from './progress-words.ts';
import { NOT_EXECUTABLE, NOT_FOUND } from './run.ts';
import { Stop } from './stop.ts';
import { RETRY_MS } from './taking/wait.ts';

/** For how long a daemon is waited for that goes away between two trainings. Milliseconds. */
const PATIENCE_MS = 30_000;
/** So many that were not trained are named; of more their number. */
const MAX_NAMED = 5;

/** What a project has failed of that was claimed once more by the loop in which it had stalled. */
const GIVEN_UP = 'stalled, and was not tried again';

export interface Round {
  /** Takes the next project; null where none waits. */
  readonly claim: (signal: AbortSignal) => Promise<Begun | null>;
  readonly train: (begun: Begun) => Promise<Finish>;
  /** Ends a lease without training: nobody is to claim the project any more. */
  readonly giveUp: (begun: Begun, error: string) => Promise<unknown>;
}

/** Trains until nothing waits, a signal ends it, or the trainer cannot be run; then sums up, and sets the exit code. */
export async function trainAll(ctx: Context, round: Round): Promise<void> {
  const started = performance.now();
  const done: Finish[] = [];
  const stalled = new Set<string>();
  const stop = new Stop(ctx);
  const sumUp = (): void => ctx.note(summary(done, (performance.now() - started) / 1000));
  try {
    while (!stop.signal.aborted) {
      const begun = await next(round, stop.signal, done.length > 0);
      if (!begun) break;
      const { project_id: id } = begun.project;
      if (stalled.has(id) && isTriedAgain(begun)) {
        await round.giveUp(begun, GIVEN_UP);
        continue;
      }
      const finish = await finished(ctx, round, begun);
      done.push(finish);
      if (finish.document.outcome === 'stalled') stalled.add(id);
      else stalled.delete(id);
      if ([NOT_FOUND, NOT_EXECUTABLE].includes(finish.exitCode)) break;
    }
  } catch (error) {
    ctx.besideError = { trainings: done.map(({ document }) => document) };
    // Why there is none is told by the error.
    if (done.length > 0) sumUp();
    throw error;
  } finally {
    stop.end();
  }
  if (stop.signal.aborted) stop.clear();
  // Who has ended a wait knows that nothing came of it.
  if (done.length > 0 || !stop.signal.aborted) sumUp();
  ctx.exitCode = stop.exitCode ?? exitCode(done);
  if (ctx.json) ctx.printJson({ trainings: done.map(({ document }) => document) });
}

/** Whether it waits because it was lost, and nobody has asked for it anew. */
function isTriedAgain({ project }: Begun): boolean {
  const before = project.training?.before;
  return before?.training_status === 'failed' && !before.retrain_requested;
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

/** Also where 126 or 127 has ended it: what failed first is what is to be mended first. */
function exitCode(done: readonly Finish[]): number {
  if (done.length === 0) return EXIT.nothingWaits;
  return done.find((one) => one.exitCode !== EXIT.ok)?.exitCode ?? EXIT.ok;
}

/** `trained 3 projects in 5 min 17 s; failed: web, api; cancelled: engine`. */
function summary(done: readonly Finish[], seconds: number): string {
  if (done.length === 0) return 'no project waits for training';
  const trained = done.filter(({ document }) => document.outcome === 'completed').length;
  const others = new Map<string, Set<string>>();
  for (const { name, document } of done) {
    if (document.outcome === 'completed') continue;
    const how = document.outcome === 'released' ? 'not run' : document.outcome;
    others.set(how, (others.get(how) ?? new Set()).add(printable(name)));
  }
  const parts = Array.from(others, ([how, which]) => {
    const names = [...which];
    const more = names.length > MAX_NAMED ? [`and ${names.length - MAX_NAMED} more`] : [];
    return `${how}: ${[...names.slice(0, MAX_NAMED), ...more].join(', ')}`;
  });
  return [`trained ${trained} of ${done.length} claimed in ${tookWords(seconds)}`, ...parts].join('; ');
}
