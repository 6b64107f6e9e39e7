/** `gardener history`: the trainings of a project that have ended. */
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { positiveNumber } from '../option-values.ts';
import { NONE_MEANT, PROJECT, resolveProject } from '../projects/resolve.ts';
import { type Cell, type Column, printTable } from '../terminal/table.ts';
import { localTime, operands, printable, relativeTime } from '../terminal/text.ts';
import { lastWords } from '../watch/standing.ts';
import { commitText, OUTCOME_STYLES, sizeText, tookText, type Trained } from './trainings.ts';

export default defineCommand({
  description: 'Lists the trainings of a project that have ended, newest first; * is in service.',
  takes: {
    '[project]': PROJECT,
    '--limit <count>': { description: 'the last so many', read: positiveNumber },
  },
  details: `To take an earlier one back into service: gardener rollback`,
  examples: {
    'gardener history website': 'its trainings, newest first',
    'gardener history website --limit 5': 'the last five',
  },
  document: {
    project_id: 'of the project',
    name: 'of the project',
    trainings: 'those that have ended, newest first, as training.history has them',
  },
  async action(ctx, { project: named, limit }) {
    ctx.hints = NONE_MEANT;
    await ctx.withClient(async (client) => {
      const { project } = await resolveProject(ctx, client, named);
      const { project_id: id, name } = project;
      const { trainings: all } = await client.training.history({ project: id });
      const trainings = all.slice(0, limit);
      if (ctx.json) return ctx.printJson({ project_id: id, name, trainings });
      if (trainings.length === 0) {
        const word = operands(name);
        return ctx.note(
          `no training of ${printable(name)} has ended yet; to train it: gardener train ${word} -- <command>`,
        );
      }
      const shown = PARTS.filter(({ from = 0 }) => (ctx.columns ?? Infinity) >= from);
      printTable(
        ctx,
        shown.map(({ column }) => column),
        trainings.map((training) => shown.map(({ cell }) => cell(training, ctx))),
      );
    });
  },
});

interface Part {
  readonly column: Column;
  /** A terminal that is narrower does without. Columns. */
  readonly from?: number;
  readonly cell: (training: Trained, ctx: Context) => Cell;
}

/** From here on there is room for the time beside how long ago that was. Columns. */
const ROOM_FOR_TIMES = 100;

/** What says most stands first, as the last ones go where there is no room. */
const PARTS: readonly Part[] = [
  {
    column: { title: '  TOKEN', rigid: true },
    cell: ({ token, in_service: serves }, ctx) => ({
      text: `${serves ? '*' : ' '} ${token}`,
      paint: serves ? (text) => ctx.paint('green', text) : undefined,
    }),
  },
  {
    column: { title: 'ENDED', rigid: true },
    cell: ({ ended_at: ended }, { columns = Infinity, host }) => {
      const ago = relativeTime(ended, host.now());
      return { text: columns >= ROOM_FOR_TIMES ? `${localTime(ended)}  ${ago}` : ago };
    },
  },
  {
    column: { title: 'OUTCOME', rigid: true },
    cell: ({ status }, ctx) => ({
      text: printable(status),
      paint: (text) => ctx.paint(OUTCOME_STYLES[status], text),
    }),
  },
  { column: { title: 'TOOK', rigid: true }, from: 52, cell: (training) => ({ text: tookText(training) }) },
  {
    column: { title: 'SIZE', align: 'right', rigid: true },
    from: 64,
    cell: ({ bytes }) => ({ text: sizeText(bytes) }),
  },
  {
    column: { title: 'COMMIT', rigid: true },
    from: 74,
    cell: ({ source }) => ({ text: commitText(source) }),
  },
  {
    column: { title: 'BY' },
    from: 80,
    cell: ({ holder }) => ({
      text: printable(holder?.name ?? (holder?.pid === undefined ? '' : `process ${holder.pid}`)),
    }),
  },
  {
    column: { title: 'WHY' },
    from: 120,
    cell: ({ error }) => ({ text: printable(lastWords(error ?? '')) }),
  },
];
