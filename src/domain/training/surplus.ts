/** Which outputs of a project are to go: those of the last trainings stay, and the directory does not grow for ever. */
import { type Ended, KEPT_OUTPUTS, liesElsewhere, pathsOf } from './history.ts';
import { outputWith } from './output.ts';

/** Of so many trainings, the last ones, what their trainers printed stays. */
const KEPT_LOGS = 5;

export interface Surplus {
  readonly token: number;
  /** Whether what its trainer printed stays all the same. */
  readonly keepsLog: boolean;
}

/** The outputs of a project, and what is known of them. */
export interface Known {
  /** The project's own directory. */
  readonly own: string;
  /** Of the outputs that there are. */
  readonly tokens: readonly number[];
  readonly history: readonly Ended[];
  /** Of the lease on it; null for none. */
  readonly live: number | null;
}

/**
 * The outputs that are not needed any more, but for those that some project points to: of those that completed all but the
 * last three, of the others all but the last. One that the history does not know may have completed, unless it is newer than
 * all that does: that one has begun since the history was looked at, and may have failed by now.
 */
export function surplusOf(known: Known): Surplus[] {
  const { own, history } = known;
  const ended = new Map(history.map((one) => [one.token, one]));
  const newest = Math.max(0, ...ended.keys());
  const full = idle(known).filter((token) => token <= newest && !isEmptied(own, ended.get(token)));
  const completed = full.filter((token) => (ended.get(token)?.status ?? 'completed') === 'completed');
  const last = completed.slice(0, KEPT_OUTPUTS);
  const stay = new Set<number | null>([...last, full.find((token) => !completed.includes(token)) ?? null]);
  // A training may have left in service what an earlier one had made.
  for (const token of last)
    for (const path of pathsOf(ended.get(token) ?? NO_PATHS)) stay.add(outputWith(own, path));
  return toGo(known, ({ token }) => token <= newest && !stay.has(token));
}

/** The same of all trainings that ended before a moment, as ISO 8601. */
export function olderOf(known: Known, before: string): Surplus[] {
  const ended = new Map(known.history.map((one) => [one.token, one.ended_at]));
  // A token follows the milliseconds since 1970.
  const isOlder = (token: number): boolean => {
    const at = ended.get(token);
    return at === undefined ? token < Date.parse(before) : at < before;
  };
  return toGo(known, ({ token }) => isOlder(token));
}

/** Whether an output has nothing that its training made: that is elsewhere, or is gone, or was never there. */
function isEmptied(own: string, ended: Ended | undefined): boolean {
  return ended !== undefined && (ended.bytes === 0 || (ended.bytes === null && liesElsewhere(own, ended)));
}

const NO_PATHS = {
  lora_adapter_path: null,
  vector_store_path: null,
  context_path: null,
  trained_from: null,
  base_model: null,
};

function toGo(known: Known, isChosen: (one: Surplus) => boolean): Surplus[] {
  const { own, history, live } = known;
  const ended = new Map(history.map((one) => [one.token, one]));
  const trainings = new Set([...history.map(({ token }) => token), ...idle(known)]);
  trainings.delete(live ?? 0);
  const recent = new Set([...trainings].toSorted((a, b) => b - a).slice(0, KEPT_LOGS));
  return idle(known)
    .map((token) => ({ token, keepsLog: recent.has(token) }))
    .filter((one) => isChosen(one) && !(one.keepsLog && isEmptied(own, ended.get(one.token))));
}

/** Those that nobody trains into, the newest first. */
function idle({ tokens, live }: Known): number[] {
  return tokens.filter((token) => token !== live).toSorted((a, b) => b - a);
}
