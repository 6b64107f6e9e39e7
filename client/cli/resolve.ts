/** Which project a command is about when the person may leave it out. */
import type { Client } from '../client.ts';
import type { Result } from '../../src/protocol/methods.ts';
import type { Context } from './context.ts';

export type Resolved = Result<'projects.resolve'>;

/** The environment's word for the project to work on. */
export const PROJECT_VARIABLE = 'CODEBASE_GARDENER_PROJECT';

/**
 * The project that was named, otherwise the environment's, the one around the working directory, the active one.
 *
 * @throws {RegistryError} `project_not_found`, `ambiguous_project`
 */
export async function resolveProject(
  ctx: Context,
  client: Client,
  argument: string | undefined,
): Promise<Resolved> {
  if (argument !== undefined) return client.projects.resolve({ project: ctx.reference(argument) });
  const env = ctx.host.env[PROJECT_VARIABLE];
  if (env) return client.projects.resolve({ env: ctx.reference(env) });
  const cwd = workingPath(ctx);
  return client.projects.resolve(cwd === undefined ? {} : { cwd });
}

/** Undefined when the directory is gone: the active project will do then. */
function workingPath(ctx: Context): string | undefined {
  try {
    return ctx.host.cwd();
  } catch {
    return undefined;
  }
}
