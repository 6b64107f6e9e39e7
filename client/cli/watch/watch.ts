/** `gardener watch`: what happens in the registry, as it happens. */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../../client.ts';
import { LONGEST_TIMER_MS } from '../../../src/system/longest-timer.ts';
import { ConnectionError } from '../../errors.ts';
import type { WatchEvent } from '../../watch.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { shownJson, shownLine } from '../terminal/gate.ts';
import { referenceTo } from '../projects/resolve.ts';
import { Screen } from '../terminal/screen.ts';
import { eventDocument } from './document.ts';
import { eventLine } from './lines.ts';
import { WatchState } from './state.ts';
import { staleAfter, watchTable } from './table.ts';

/** Between two pictures of the table, in milliseconds. */
const REDRAW_MS = 100;
/** Between two questions whether a daemon is there again, in milliseconds. */
const ASK_AGAIN_MS = 500;

export default defineCommand({
  description:
    'Shows the projects in a table that is kept up to date; piped, one line for each event, with --json one document a line.',
  takes: {
    '[project]': 'only this one: name, id or path of a project',
    '--progress': 'also what trainers report (default for the table)',
    '--no-progress': 'not what trainers report (default otherwise)',
  },
  async action(ctx, { project, progress }) {
    const asTable = ctx.interactive && ctx.host.env['TERM'] !== 'dumb';
    // Started before, and not by the client that watches: whoever stops the daemon means it.
    const reference = await ctx.withClient(async (client) =>
      project === undefined ? client.daemon.ping().then(() => undefined) : referenceTo(ctx, client, project),
    );
    const params = { ...(reference !== undefined && { project: reference }), progress: progress ?? asTable };
    await ctx.withClient(
      async (client) => {
        const stopped = new AbortController();
        ctx.host.leaveSignals();
        ctx.host.endUnread();
        const show = asTable ? showTable : showLines;
        try {
          await show(ctx, client, client.watch({ ...params, signal: stopped.signal }), (exitCode) => {
            ctx.exitCode = exitCode;
            stopped.abort();
          });
        } catch (error) {
          if (!stopped.signal.aborted) throw error;
        }
      },
      { autoStart: false },
    );
  },
});

type Leave = (exitCode: number) => void;

async function showLines(
  ctx: Context,
  client: Client,
  events: AsyncIterable<WatchEvent>,
  leave: Leave,
): Promise<void> {
  const interrupted = (): void => leave(0);
  process.on('SIGINT', interrupted);
  let first = true;
  try {
    for await (const event of events) {
      const line = ctx.json
        ? shownJson(await eventDocument(client, event))
        : shownLine(eventLine(event, first, (path) => ctx.shortPath(path)));
      first = false;
      // A slow reader gets a resync in place of what it missed, not all of our memory.
      if (ctx.host.stdout.write(line) === false) await once(process.stdout, 'drain');
    }
  } finally {
    process.off('SIGINT', interrupted);
  }
}

async function showTable(
  ctx: Context,
  client: Client,
  events: AsyncIterable<WatchEvent>,
  leave: Leave,
): Promise<void> {
  const state = new WatchState();
  const picture = new Picture(state, ctx, leave);
  const stopListening = client.onLost(() => {
    state.connected = false;
    picture.changed();
    void whenBack(client).then((back) => {
      state.connected = back;
      picture.changed();
    });
  });
  try {
    for await (const event of events) {
      state.apply(event);
      if (event.type === 'resync') picture.open();
      picture.changed();
    }
  } finally {
    stopListening();
    picture.close();
  }
}

/** Resolves once a daemon answers; false when this client is not used any more. */
async function whenBack(client: Client): Promise<boolean> {
  for (;;) {
    try {
      await client.daemon.ping();
      return true;
    } catch (error) {
      if (error instanceof ConnectionError && error.reason === 'closed') return false;
    }
    await pause(ASK_AGAIN_MS, undefined, { ref: false });
  }
}

/** The table on the screen, drawn when something has changed, and when time alone changes it. */
class Picture {
  readonly #state: WatchState;
  readonly #ctx: Context;
  readonly #screen: Screen;
  #timer: NodeJS.Timeout | undefined;
  #drawnAt = 0;
  #open = false;

  constructor(state: WatchState, ctx: Context, leave: Leave) {
    this.#state = state;
    this.#ctx = ctx;
    this.#screen = new Screen({ redraw: () => this.#draw(), leave });
  }

  open(): void {
    if (this.#open) return;
    this.#open = true;
    this.#screen.open();
  }

  close(): void {
    clearTimeout(this.#timer);
    if (this.#open) this.#screen.close();
    this.#open = false;
  }

  changed(): void {
    if (this.#open) this.#drawIn(this.#drawnAt + REDRAW_MS - performance.now());
  }

  #draw(): void {
    this.#drawnAt = performance.now();
    const { columns, rows } = this.#screen;
    const now = this.#ctx.host.now();
    this.#screen.draw(watchTable(this.#state, { columns, rows, now, paint: this.#ctx.paint }));
    const stale = staleAfter(this.#state, { rows, now });
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (stale !== undefined) this.#timer = setTimeout(() => this.#draw(), Math.min(stale, LONGEST_TIMER_MS));
  }

  #drawIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#draw(), Math.max(0, ms));
  }
}
