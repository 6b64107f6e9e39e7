/** `gardener which`: the project that is meant here. */
import { withItsAhead } from '../codebase/behind.ts';
import { defineCommand } from '../command.ts';
import { NONE_MEANT, origin, PROJECT, resolveProject } from './resolve.ts';
import { typedBack } from './typed-back.ts';
import { printable } from '../terminal/text.ts';

export default defineCommand({
  description:
    'Prints the name of the project that is meant here, and on a terminal why. Piped, the name stands alone; the id where a name cannot be typed as it is.',
  takes: { '[project]': `${PROJECT}; default the one that is meant here` },
  examples: {
    'gardener which': 'the project around the working directory, or the active one',
    'gardener logs "$(gardener which)"': 'in a script',
  },
  document: {
    project: 'a WireProject, with ahead: commits that it was not trained with, or null',
    resolved_by: 'argument, env, cwd, worktree or active',
  },
  async action(ctx, { project: named }) {
    ctx.hints = NONE_MEANT;
    await ctx.withClient(async (client) => {
      const resolved = await resolveProject(ctx, client, named);
      const { project, resolved_by } = resolved;
      if (ctx.json) return ctx.printJson({ project: await withItsAhead(ctx, client, project), resolved_by });
      if (!ctx.interactive) return ctx.print(typedBack(project));
      ctx.print(`${printable(project.name)}  ${ctx.paint('dim', `(${origin(resolved)})`)}`);
    });
  },
});
