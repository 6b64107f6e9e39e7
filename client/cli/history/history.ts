/** `gardener history`: the trainings of a project that have ended. */
import { defineCommand } from '../command.ts';
import { positiveNumber } from '../option-values.ts';
import { NONE_MEANT, PROJECT, resolveProject } from '../projects/resolve.ts';
import { operands, printable } from '../terminal/text.ts';
import { layTrainings } from './table.ts';

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
      const { columns, paint, host } = ctx;
      ctx.printLines(layTrainings(trainings, { columns, paint, now: host.now() }));
    });
  },
});
