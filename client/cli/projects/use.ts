/** `gardener use`: changes the active project. */
import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import { changeThisShell, noteOwnProject } from '../shell/this-shell.ts';
import { isGoneNow, markedPath } from './gone.ts';
import { PROJECT, referenceToChange } from './resolve.ts';
import { printable } from '../terminal/text.ts';

export default defineCommand({
  description: 'Makes a project the active one.',
  takes: {
    '[project]': PROJECT,
    '--none': 'no project is active afterwards',
    '--shell': 'for this shell alone, which has read gardener init',
  },
  examples: {
    'gardener use website': 'it is what every tool takes that names none',
    'gardener use --none': 'no project is active afterwards',
    'gardener use --shell website': 'the same for this shell alone',
    'gardener use --shell --none': 'this shell goes by the active one again',
  },
  document: {
    active_project: 'the project, or null',
    'shell?': 'with --shell: its project, or null, and the line that sets it',
  },
  async action(ctx, { project, none, shell }) {
    if ((project === undefined) === !none) {
      throw new UsageError(
        none ? 'cannot use a project and none at once' : 'cannot tell which project to use: none is named',
        'gardener use <project>, or gardener use --none',
      );
    }
    await ctx.withClient(async (client) => {
      const reference = project === undefined ? null : await referenceToChange(ctx, client, project);
      if (shell) return changeThisShell(ctx, client, reference);
      const { active_project: active } = await client.projects.activate({ project: reference });
      if (ctx.json) return ctx.printJson({ active_project: active });
      noteOwnProject(ctx);
      if (!active) return ctx.print('no project is active now');
      const gone = await isGoneNow(client, active);
      const path = markedPath(printable(ctx.shortPath(active.source_path)), gone);
      ctx.say(`active now: ${ctx.paint('bold', printable(active.name))}  ${path}`);
    });
  },
});
