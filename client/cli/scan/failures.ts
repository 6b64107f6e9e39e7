/** What did not become a project, and why: told once of all of them where it is the same. */
import type { Context } from '../context.ts';
import { type ErrorDocument, EXIT, explain, type Explained } from '../errors.ts';
import { MAX_NAMED, thousands } from '../terminal/text.ts';
import { named } from './told.ts';

export interface Failure {
  readonly path: string;
  readonly why: Explained;
  /** Whether the message says which codebase it is about. */
  readonly isNamed: boolean;
}

/** @param isNamed default that the message says nothing of the path */
export function failureOf(ctx: Context, path: string, error: unknown, isNamed = false): Failure {
  return { path, why: explain(error, ctx.hints, ctx.socketAlone), isNamed };
}

/** As `--json` has them. */
export function documentsOf(failed: readonly Failure[]): { path: string; error: ErrorDocument }[] {
  return failed.map(({ path, why: { document: error } }) => ({ path, error }));
}

/** Says what did not become a project, why, and what to do; and ends the command with that. */
export function tellFailures(ctx: Context, failed: readonly Failure[]): void {
  ctx.exitCode = Math.max(ctx.exitCode, ...failed.map(({ why }) => why.exitCode));
  let room = MAX_NAMED;
  for (const [hint, alike] of grouped(failed, ({ why }) => why.hint)) {
    const reasons = [...grouped(alike, ({ why }) => why.message)];
    for (const [message, each] of reasons.slice(0, room)) {
      ctx.note(`gardener: ${ctx.tildes(message)}`);
      const paths = each.filter(({ isNamed }) => !isNamed).map(({ path }) => path);
      // Where the answer did not come, the daemon may have done it.
      const isSure = each.every(({ why }) => why.exitCode !== EXIT.unreachable);
      if (paths.length > 0) ctx.note(`${isSure ? 'not added' : 'perhaps not added'}: ${named(ctx, paths)}`);
    }
    if (reasons.length > room) ctx.note(`gardener: and ${thousands(reasons.length - room)} more`);
    room = Math.max(room - reasons.length, 1);
    if (hint !== undefined) ctx.note(`try: ${hint}`);
  }
}

function grouped<T, K>(all: readonly T[], by: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const group = groups.get(by(one));
    if (group) group.push(one);
    else groups.set(by(one), [one]);
  }
  return groups;
}
