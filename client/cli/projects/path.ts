/** `gardener path`: where a codebase lies. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { isRefusal } from '../../../src/domain/values/refusal.ts';
import type { Client } from '../../client.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { exactLine } from '../terminal/gate.ts';
import { printable } from '../terminal/text.ts';
import { isGoneNow } from '../../codebase/gone.ts';
import { pickProject } from './picked.ts';
import { NONE_MEANT, PROJECT, PROJECT_VARIABLE, resolveProject } from './resolve.ts';

export default defineCommand({
  description: 'Prints the directory of a project and nothing else, for scripts.',
  takes: {
    '[project]': `${PROJECT}; default the one that is meant here; on a terminal, where none is, one that you choose`,
  },
  examples: {
    'cd "$(gardener path website)"': 'go there',
    'gardener path': 'of the project that is meant here; on a terminal, choose one where none is',
  },
  document: {
    project_id: 'its id',
    name: 'its name',
    source_path: 'the directory',
  },
  async action(ctx, { project: named }) {
    ctx.hints = NONE_MEANT;
    await ctx.withClient(async (client) => {
      const project = await meant(ctx, client, named);
      const { project_id, name, source_path: path } = project;
      if (ctx.json) ctx.printJson({ project_id, name, source_path: path });
      else if (ctx.interactive) ctx.print(path);
      else ctx.host.stdout.write(exactLine(path));
      if (await isGoneNow(client, project)) ctx.note(`note: ${printable(ctx.shortPath(path))} is gone`);
    });
  },
});

/** The project that is meant; where none is, the one that is chosen. */
async function meant(ctx: Context, client: Client, named: string | undefined): Promise<WireProject> {
  try {
    return (await resolveProject(ctx, client, named)).project;
  } catch (error) {
    const isNone = named === undefined && !ctx.host.env[PROJECT_VARIABLE];
    const picked =
      isNone && isRefusal(error, 'project_not_found')
        ? await pickProject(ctx, client, 'which project’s directory?')
        : undefined;
    if (picked) return picked;
    throw error;
  }
}
