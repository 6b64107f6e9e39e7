/** `gardener mv`: tells the registry that codebases lie elsewhere now. */
import { resolve } from 'node:path';
import type { Client } from '../client.ts';
import { RegistryError } from '../../src/domain/errors.ts';
import type { Params } from '../../src/protocol/methods.ts';
import { codebaseAt } from './codebase.ts';
import type { Context } from './context.ts';
import { goneAmong, markedPath } from './gone.ts';
import { operands, printable } from './text.ts';

export async function move(ctx: Context, what: string, directory: string): Promise<void> {
  const to = await codebaseAt(ctx, directory);
  ctx.hints = { project_not_found: 'gardener ls shows where projects are' };
  await ctx.withClient(async (client) => {
    const { projects } = await client.projects.move({ ...(await moved(ctx, client, what)), to });
    if (ctx.json) return ctx.printJson({ projects });
    const gone = await goneAmong(client, projects);
    for (const { project_id: id, name, source_path: path } of projects) {
      const where = markedPath(printable(ctx.shortPath(path)), gone.ids.has(id));
      ctx.say(`${ctx.paint('bold', printable(name))} is at ${where} now`);
    }
  });
}

/** A project by its name or id; anything else is the path that a directory had. */
async function moved(
  ctx: Context,
  client: Client,
  what: string,
): Promise<Pick<Params<'projects.move'>, 'project' | 'from'>> {
  const reference = ctx.reference(what);
  if (reference.startsWith('/')) return { from: reference };
  try {
    return { project: (await client.projects.get({ project: reference })).project_id };
  } catch (error) {
    if (!(error instanceof RegistryError) || error.kind !== 'project_not_found') throw error;
    return { from: resolve(ctx.cwd(), what) };
  }
}

/** What to type to have a project follow its codebase. */
export function moveCommand(name: string, directory: string): string {
  return `gardener mv ${operands(name, directory)}`;
}
