/** Which project a command is about when the person may leave it out. */
import { realpath } from 'node:fs/promises';
import type { Client } from '../client.ts';
import { RegistryError } from '../../src/domain/errors.ts';
import type { Params, Result } from '../../src/protocol/methods.ts';
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
  const written = workingPath(ctx);
  if (written === undefined) return client.projects.resolve({});
  const physical = await realpath(written).catch(() => written);
  const found = await attempt(client, { cwd: written });
  if (physical === written || (!(found instanceof RegistryError) && found.resolved_by === 'cwd')) {
    return given(found);
  }
  // Registered under its own path, and entered through a link.
  const behind = await attempt(client, { cwd: physical });
  return behind instanceof RegistryError || behind.resolved_by !== 'cwd' ? given(found) : behind;
}

async function attempt(
  client: Client,
  params: Params<'projects.resolve'>,
): Promise<Resolved | RegistryError> {
  try {
    return await client.projects.resolve(params);
  } catch (error) {
    if (error instanceof RegistryError && error.kind === 'project_not_found') return error;
    throw error;
  }
}

function given(found: Resolved | RegistryError): Resolved {
  if (found instanceof RegistryError) throw found;
  return found;
}

/** Undefined when the directory is gone: the active project will do then. */
function workingPath(ctx: Context): string | undefined {
  try {
    return ctx.host.cwd();
  } catch {
    return undefined;
  }
}
