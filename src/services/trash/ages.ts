/**
 * For how long things have been kept in a trash. Their own times are those of the project, and the wall clock may jump:
 * by the time of a removal alone, a machine that starts in 1970 and is then told the time would delete at once.
 *
 * So what counts is the time that the machine was seen to run: from one look to the next, and after a restart since that.
 * A day is added in all, and no more than the wall clock has moved by: the machine may have been off. A clock that jumps,
 * however often, makes something go a day early at most, and a machine that is mostly off keeps it longer. What is seen for
 * the first time begins at zero.
 */
import { KEPT_MS } from '../../domain/values/trash-names.ts';

/** How much is taken on trust of the wall clock for each thing that is kept. Milliseconds. */
const TRUSTED_MS = 24 * 60 * 60 * 1000;

/** Both in milliseconds. */
export interface Clock {
  /** Since the epoch. */
  now(): number;
  /** Since the machine was started. */
  uptime(): number;
}

/** For how long something has been kept. Both in milliseconds. */
type Age = readonly [running: number, wall: number];

export class Ages {
  #lookedAt = 0;
  #uptime = 0;
  #kept = new Map<string, Age>();

  /** @param text what an earlier one left; whatever is wrong in it counts for nothing */
  constructor(text = '') {
    const { looked_at: at, uptime, kept } = parsed(text);
    if (!isTime(at) || !isTime(uptime) || typeof kept !== 'object' || kept === null) return;
    [this.#lookedAt, this.#uptime] = [at, uptime];
    for (const [name, age] of Object.entries(kept) as [string, unknown][])
      if (isAge(age)) this.#kept.set(name, age);
  }

  /** Looks at all that is there. @returns the names of what has been kept for long enough */
  look(names: readonly string[], clock: Clock): string[] {
    const [now, uptime] = [clock.now(), clock.uptime()];
    const moved = Math.max(0, now - this.#lookedAt);
    // Where it was restarted and has been running for longer by now, the difference is too little, and never too much.
    const ran = uptime < this.#uptime ? uptime : uptime - this.#uptime;
    const before = this.#kept;
    const ageOf = (name: string): Age => {
      const age = before.get(name);
      return age ? [age[0] + ran, age[1] + moved] : [0, 0];
    };
    this.#kept = new Map(names.map((name) => [name, ageOf(name)]));
    [this.#lookedAt, this.#uptime] = [now, uptime];
    return names.filter((name) => {
      const [running, wall] = this.#kept.get(name) ?? [0, 0];
      return Math.min(running + TRUSTED_MS, Math.max(running, wall)) >= KEPT_MS;
    });
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

function isAge(value: unknown): value is Age {
  return Array.isArray(value) && value.length === 2 && value.every(isTime);
}
