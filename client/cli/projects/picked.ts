/** A project that the person at the terminal chooses, where none is meant. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Client } from '../../client.ts';
import type { Context } from '../context.ts';
import { LocalError } from '../errors.ts';
import { canPick, pickOne } from '../terminal/pick.ts';
import { listAll } from './list.ts';
import { PROJECT_VARIABLE, projectAround } from './resolve.ts';

/**
 * Asks for a project; those that were used last come first.
 *
 * @param question which one, and for what
 * @returns undefined where nobody is there to be asked, and where nothing is registered
 * @throws {LocalError} when none is chosen
 */
export async function pickProject(
  ctx: Context,
  client: Client,
  question: string,
): Promise<WireProject | undefined> {
  if (!canPick(ctx)) return undefined;
  const projects = await listAll(client, {}, { sort: 'last_used' });
  if (projects.length === 0) return undefined;
  const choices = projects.map((project) => ({
    value: project,
    label: project.name,
    hint: ctx.shortPath(project.source_path),
  }));
  const picked = await pickOne(ctx.host, question, choices);
  if (!picked) throw new LocalError('cannot go on: no project was chosen');
  return picked;
}

/**
 * What was named; where nothing was, and neither the environment nor the working directory means a project, the id of the
 * one that is chosen. Undefined where one is meant, and where nobody can be asked.
 *
 * @throws {LocalError} when none is chosen
 */
export async function namedOrPicked(
  ctx: Context,
  client: Client,
  named: string | undefined,
  question: string,
): Promise<string | undefined> {
  if (named !== undefined || ctx.host.env[PROJECT_VARIABLE] || !canPick(ctx)) return named;
  if (await projectAround(ctx, client)) return undefined;
  return (await pickProject(ctx, client, question))?.project_id;
}
