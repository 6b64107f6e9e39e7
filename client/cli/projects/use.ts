/** `gardener use`: changes the active project. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Client } from '../../client.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { LocalError, UsageError } from '../errors.ts';
import { changeThisShell, noteOwnProject } from '../shell/this-shell.ts';
import { isGoneNow } from '../../codebase/gone.ts';
import { markedPath } from './gone.ts';
import { pickProject } from './picked.ts';
import { BEGIN, isEmpty, PROJECT, projectAround, referenceToChange } from './resolve.ts';
import { printable } from '../terminal/text.ts';

const INSTEAD = 'gardener use <project>, or gardener use --none';

export default defineCommand({
  description: 'Makes a project the active one.',
  takes: {
    '[project]': `${PROJECT}; - is the one that was active before; default the one around the working directory, elsewhere one that you choose`,
    '--none': 'no project is active afterwards',
    '--shell': 'for this shell alone, which has read gardener init',
  },
  examples: {
    'gardener use website': 'it is what every tool takes that names none',
    'gardener use -': 'back to the one before',
    'gardener use': 'the one around the working directory; elsewhere, choose one',
    'gardener use --none': 'no project is active afterwards',
    'gardener use --shell website': 'the same for this shell alone',
    'gardener use --shell --none': 'this shell goes by the active one again',
  },
  document: {
    active_project: 'the project, or null',
    'shell?': 'with --shell: its project, or null, and the line that sets it',
  },
  async action(ctx, { project, none, shell }) {
    if (none && project !== undefined) {
      throw new UsageError('cannot use a project and none at once', INSTEAD);
    }
    await ctx.withClient(async (client) => {
      const reference = none ? null : await meant(ctx, client, project, shell);
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

/** What to make the active one: as it was named, or as the person stands or chooses. */
async function meant(
  ctx: Context,
  client: Client,
  named: string | undefined,
  isForShell: boolean | undefined,
): Promise<string> {
  if (named === '-') return (await before(client)).project_id;
  if (named !== undefined) return referenceToChange(ctx, client, named);
  const project =
    (await projectAround(ctx, client, { isToChange: true })) ??
    (await pickProject(
      ctx,
      client,
      isForShell ? 'which project is meant in this shell?' : 'which project is to be active?',
    ));
  if (project) return project.project_id;
  throw new UsageError(
    'cannot tell which project to use: none is named, and the working directory is in none',
    (await isEmpty(client)) ? BEGIN : INSTEAD,
  );
}

async function before(client: Client): Promise<WireProject> {
  const { previous_project: previous } = await client.projects.active();
  if (previous) return previous;
  throw new LocalError(
    'cannot go back: no other project was active before',
    (await isEmpty(client)) ? BEGIN : 'gardener use <project>',
  );
}
