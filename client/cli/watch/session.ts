/** A watch on a terminal: what is known, what is looked at, and the keys between them. */
import { LONGEST_TIMER_MS } from '../../../src/system/longest-timer.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Client } from '../../client.ts';
import { pause } from '../../wire/deadline.ts';
import type { WatchEvent } from '../../watch.ts';
import type { Context } from '../context.ts';
import { Screen } from '../terminal/screen.ts';
import { change, doingWords } from './changes.ts';
import { Details } from './details.ts';
import { Keyboard } from './keys/keyboard.ts';
import type { Key } from './keys/keys.ts';
import { arranged, openedProject, pictureOf } from './pages/picture.ts';
import { WatchState } from './state.ts';
import { type Canvas, type Looked, staleAfter, watchTable } from './pages/table.ts';
import { type Effect, press } from './keys/press.ts';
import { type Change, firstView, type Said, type ViewState } from './keys/view.ts';

/** Between two pictures, in milliseconds. */
const REDRAW_MS = 100;
/** How long whoever leaves waits for what their keys have asked for, in milliseconds: a daemon that is well answers sooner. */
const LEAVE_MS = 500;

/** Drawn when something has changed, when a key was pressed, and when time alone changes it. */
export class Session {
  readonly #ctx: Context;
  readonly #client: Client;
  readonly #leave: (exitCode: number) => void;
  readonly #state: WatchState;
  readonly #screen: Screen;
  readonly #keyboard = new Keyboard((key) => this.#press(key));
  readonly #details: Details;
  /** What keys have asked for and has no answer yet, in words. */
  readonly #changes = new Map<Promise<void>, string>();
  #view: ViewState;
  #timer: NodeJS.Timeout | undefined;
  #drawnAt = 0;
  #isOpen = false;
  #hasLeft = false;

  /** @param isOne whether one project is watched, which is then looked at more closely */
  constructor(ctx: Context, client: Client, isOne: boolean, leave: (exitCode: number) => void) {
    this.#ctx = ctx;
    this.#state = new WatchState((message) => ctx.tildes(message));
    this.#client = client;
    this.#leave = leave;
    this.#details = new Details(ctx, client, () => this.#changed());
    this.#screen = new Screen({
      redraw: () => this.#draw(),
      leave,
      typed: (bytes) => this.#keyboard.read(bytes),
    });
    this.#view = firstView(isOne);
  }

  /** The terminal is taken once there is something to be seen. */
  apply(event: WatchEvent): void {
    this.#state.apply(event);
    if (event.type === 'resync') this.#details.again();
    if (event.type === 'resync' && !this.#isOpen) {
      this.#isOpen = true;
      this.#screen.open();
    }
    this.#changed();
  }

  connected(is: boolean): void {
    this.#state.connected = is;
    this.#changed();
  }

  /** Gives the terminal back, and says of changes that are on their way that nobody knows what comes of them. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#keyboard.close();
    this.#details.close();
    if (this.#isOpen) this.#screen.close();
    this.#isOpen = false;
    if (this.#changes.size === 0) return;
    await pause(
      LEAVE_MS,
      undefined,
      Promise.all(this.#changes.keys()).then(() => undefined),
    );
    for (const doing of this.#changes.values())
      this.#ctx.note(`note: the daemon has not answered, and it may still be done: ${doing}`);
    this.#hasLeft = true;
  }

  #press(key: Key): void {
    // Keys that came at once with the one that leaves.
    if (!this.#isOpen) return;
    const { view, effect } = press(this.#view, key, this.#state);
    if (view !== this.#view) {
      this.#view = this.#arranged(view).view;
      this.#changed();
    }
    if (effect) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    switch (effect.what) {
      case 'leave':
        this.#isOpen = false;
        this.#screen.close();
        return this.#leave(0);
      case 'suspend':
        return this.#screen.suspend();
      case 'redraw':
        return this.#screen.refresh();
      default: {
        const doing = doingWords(effect, this.#state);
        this.#say({ text: `${doing} …` });
        const making = this.#change(effect).finally(() => this.#changes.delete(making));
        this.#changes.set(making, doing);
      }
    }
  }

  async #change(wanted: Change): Promise<void> {
    this.#say(await change(this.#ctx, this.#client, this.#state, wanted));
  }

  #say(said: Said): void {
    this.#view = { ...this.#view, says: said };
    if (this.#isOpen) this.#changed();
    // Nobody sees the last line any more. That the client was closed is no news.
    else if (said.isBad && !this.#hasLeft) this.#ctx.note(said.text);
  }

  #changed(): void {
    if (!this.#isOpen) return;
    clearTimeout(this.#timer);
    const ms = this.#drawnAt + REDRAW_MS - performance.now();
    this.#timer = setTimeout(() => this.#draw(), Math.max(0, ms));
  }

  #draw(): void {
    this.#drawnAt = performance.now();
    const { columns, rows, hasKeys } = this.#screen;
    const canvas = { columns, rows, now: this.#ctx.host.now(), paint: this.#ctx.paint };
    const seen = hasKeys ? this.#drawPicture(canvas) : this.#drawTable(canvas);
    const stale = staleAfter(seen, canvas.now);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (stale !== undefined) this.#timer = setTimeout(() => this.#draw(), Math.min(stale, LONGEST_TIMER_MS));
  }

  #drawPicture(canvas: Canvas): readonly WireProject[] {
    const looked = this.#arranged(this.#view);
    this.#details.show(openedProject(this.#state, looked.view));
    const { about } = this.#details;
    const { lines, view, seen } = pictureOf(this.#state, looked, about, canvas, this.#shortPath);
    this.#view = view;
    this.#screen.draw(lines);
    return seen;
  }

  /** For whoever has no keyboard. */
  #drawTable(canvas: Canvas): readonly WireProject[] {
    this.#screen.draw(watchTable(this.#state, canvas));
    return this.#state.inOrder().slice(0, canvas.rows);
  }

  #arranged(view: ViewState): Looked {
    return arranged(this.#state, view, this.#screen, this.#shortPath);
  }

  readonly #shortPath = (path: string): string => this.#ctx.shortPath(path);
}
