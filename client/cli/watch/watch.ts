/** `gardener watch`: what happens in the registry, as it happens. */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../../client.ts';
import { ConnectionError } from '../../errors.ts';
import type { WatchEvent } from '../../watch.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { shownJson, shownLine } from '../terminal/gate.ts';
import { referenceTo } from '../projects/resolve.ts';
import { eventDocument } from './document.ts';
import { eventLine } from './lines.ts';
import { Session } from './session.ts';

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
  details: 'The table takes keys: ? shows them. Those of the last line are used most.',
  examples: {
    'gardener watch': 'a table to look at and to work in',
    'gardener watch website': 'one project, with what its trainer prints',
    'gardener watch --json': 'an event a line, for programs',
  },
  document:
    'a document a line: an event as registry.watch tells it, but that active_project is the project; and the cursor from which a later watch goes on',
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
          const events = client.watch({ ...params, signal: stopped.signal });
          const leave = (exitCode: number): void => {
            ctx.exitCode = exitCode;
            stopped.abort();
          };
          await show(ctx, client, events, leave, reference !== undefined);
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
        : shownLine(eventLine(event, first, ctx));
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
  isOne: boolean,
): Promise<void> {
  const session = new Session(ctx, client, isOne, leave);
  const stopListening = client.onLost(() => {
    session.connected(false);
    void whenBack(client).then((back) => session.connected(back));
  });
  try {
    for await (const event of events) session.apply(event);
  } finally {
    stopListening();
    await session.close();
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
