/**
 * For how long things have been kept in a trash. Their own times are those of the project, and the wall clock may jump:
 * by the time of a removal alone, a machine that starts in 1970 and is then told the time would delete at once.
 *
 * So each look adds to all that is there the time since the look before, by the wall clock, and no more of it than the
 * machine has been running in between, or a day: it may have been off. What is seen for the first time begins at zero.
 * A jump makes something go a day early at most, and a machine that is mostly off keeps it longer.
 */
import { KEPT_MS } from '../../domain/values/trash-names.ts';

/** How much is taken on trust of the wall clock at each look. Milliseconds. */
const TRUSTED_MS = 24 * 60 * 60 * 1000;

/** Both in milliseconds. */
export interface Clock {
  /** Since the epoch. */
  now(): number;
  /** Since the machine was started. */
  uptime(): number;
}

export class Ages {
  #lookedAt = 0;
  #uptime = 0;
  #kept = new Map<string, number>();

  /** @param text what an earlier one left; whatever is wrong in it counts for nothing */
  constructor(text = '') {
    const { looked_at: at, uptime, kept } = parsed(text);
    if (!isTime(at) || !isTime(uptime) || typeof kept !== 'object' || kept === null) return;
    [this.#lookedAt, this.#uptime] = [at, uptime];
    for (const [name, age] of Object.entries(kept) as [string, unknown][])
      if (isTime(age)) this.#kept.set(name, age);
  }

  /** Looks at all that is there. @returns the names of what has been kept for long enough */
  look(names: readonly string[], clock: Clock): string[] {
    const [now, uptime] = [clock.now(), clock.uptime()];
    // Of another start of the machine the difference says too little, and never too much.
    const since = Math.max(0, Math.min(now - this.#lookedAt, Math.max(uptime - this.#uptime, TRUSTED_MS)));
    const before = this.#kept;
    const ageOf = (name: string): number => {
      const age = before.get(name);
      return age === undefined ? 0 : age + since;
    };
    this.#kept = new Map(names.map((name) => [name, ageOf(name)]));
    [this.#lookedAt, this.#uptime] = [now, uptime];
    return names.filter((name) => (this.#kept.get(name) ?? 0) >= KEPT_MS);
  }

  /** For the next one. */
  toString(): string {
    const kept = Object.fromEntries(this.#kept);
    return `${JSON.stringify({ looked_at: this.#lookedAt, uptime: this.#uptime, kept })}\n`;
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}
