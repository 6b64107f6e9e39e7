/** `gardener retrain`: asks for a project to be trained again. */
import { defineCommand } from '../command.ts';
import { PROJECT, referenceToChange } from './resolve.ts';
import { printable, operands } from '../terminal/text.ts';

export default defineCommand({
  description: 'Marks a project as waiting for training.',
  takes: { '<project>': PROJECT, '--reason <reason>': 'why, for whoever trains it' },
  async action(ctx, { project: reference, ...reason }) {
    ctx.hints = { lease_held: `again when the training has ended: gardener show ${operands(reference)}` };
    await ctx.withClient(async (client) => {
      const project = await referenceToChange(ctx, client, reference);
      const waiting = await client.projects.retrain({ project, ...reason });
      if (ctx.json) return ctx.printJson(waiting);
      ctx.print(`${ctx.paint('bold', printable(waiting.name))} waits for training now`);
    });
  },
});
