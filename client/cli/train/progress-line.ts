/** The line of progress below what a trainer prints, on a terminal. */
import { fstatSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { painter } from '../terminal/colour.ts';
import { type Shown, shown, shownLine } from '../terminal/gate.ts';
import { sizeOf } from '../terminal/size.ts';
import { isInForeground } from './process/foreground.ts';
import { LiveLine } from './process/live-line.ts';
import { Terminals } from './process/passage.ts';
import { progressLine, type Standing } from './progress-words.ts';
import { tellWatcher } from './summary.ts';

/** How often it is looked whether it says something else. Milliseconds. */
const LOOK_EVERY_MS = 250;
/** What is over sooner needs no line. Milliseconds. */
const DELAY_MS = 500;
/** Longer than a terminal takes to be written to that is read at all. Milliseconds. */
const PATIENCE_MS = 1_000;

/** What changes of it. */
type News = Partial<Pick<Standing, 'notice' | 'progress' | 'phase' | 'message'>>;

export class ProgressLine {
  /** Everything that is written to the terminal while the line is on it goes through here. */
  readonly terminals: Terminals;
  readonly #ctx: Context;
  readonly #name: string;
  readonly #live: LiveLine | undefined;
  readonly #began = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #news: News = {};
  /** When the training will have ended, by `performance.now()`. */
  #endsAt: number | undefined;

  /**
   * Makes one that shows nothing yet; nothing ever, where nobody looks at both streams on one terminal. What is told from
   * now on begins a line, whatever the trainer has written.
   */
  constructor(ctx: Context, name: string) {
    this.#ctx = ctx;
    this.#name = name;
    this.#live = isPossible(ctx) ? new LiveLine() : undefined;
    this.terminals = new Terminals(this.#live);
    ctx.notes = { write: (text: Shown) => this.#write(text) };
  }

  /** Whether it may be shown at all. */
  get isPossible(): boolean {
    return this.#live !== undefined;
  }

  /** Whether there is somebody who sees it. */
  get isShown(): boolean {
    return this.#timer !== undefined;
  }

  /** Shows it from now on, soon. Whatever else is told meanwhile is told above it. */
  start(): void {
    if (!this.#live) return;
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  /** What the trainer has reported, or what has become of it. */
  tell(news: News): void {
    this.#news = { ...this.#news, ...news };
  }

  /**
   * Tells the person something at once, on the line or, where that cannot be seen, in one of its own; nothing where
   * nobody looks.
   */
  notice(notice: string): void {
    this.tell({ notice });
    this.look();
    if (!this.#live?.isSeen) tellWatcher(this.#ctx, notice);
  }

  /** When it will be over, as the daemon foresees it: in so many seconds; null where nobody can tell. */
  foreseen(left: number | null): void {
    this.#endsAt = left === null ? undefined : performance.now() + left * 1000;
  }

  /** Shows how it stands now, unless somebody else has the terminal. */
  look(): void {
    if (!this.isShown) return;
    const now = performance.now();
    const isDue = now - this.#began >= DELAY_MS && isInForeground();
    this.#live?.set(isDue ? this.#line(now) : undefined);
    void this.terminals.refresh();
  }

  /** Takes it away until the next look; resolves when it is, or when the terminal takes too long. */
  async hide(): Promise<void> {
    if (!this.isShown) return;
    this.#live?.set(undefined);
    const late = new AbortController();
    await Promise.race([
      this.terminals.refresh(),
      pause(PATIENCE_MS, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
  }

  /** Takes it away for good. */
  async end(): Promise<void> {
    if (this.isShown) this.terminals.say(shown(''));
    const isHidden = this.hide();
    clearInterval(this.#timer);
    this.#timer = undefined;
    await isHidden;
  }

  /** Ends the line that the trainer has begun where this program tells what it has to tell. */
  breakLine(): void {
    if (this.terminals.closes(process.stderr)) this.#ctx.host.stderr.write(shownLine(''));
  }

  #write(text: Shown): void {
    if (this.isShown) return this.terminals.say(text);
    this.breakLine();
    this.#ctx.host.stderr.write(text);
  }

  #line(now: number): string {
    const { stderr, env } = this.#ctx.host;
    const left = this.#endsAt === undefined ? undefined : (this.#endsAt - now) / 1000;
    const standing = {
      ...this.#news,
      name: this.#name,
      elapsed: (now - this.#began) / 1000,
      // One that takes longer than was foreseen ends when nobody knows.
      left: left !== undefined && left >= 0 ? left : undefined,
    };
    // One column less: there are terminals that go to the next row after the last one.
    return progressLine(standing, sizeOf(stderr).columns - 1, painter(stderr, env));
  }
}

function isPossible({ interactive, host: { stderr, env } }: Context): boolean {
  if (!interactive || !stderr.isTTY || env['TERM'] === 'dumb') return false;
  return fstatSync(1).rdev === fstatSync(2).rdev;
}
