/** Which project is meant in this directory, and why; or that its codebase is in none. */
import { RegistryError } from '../../../src/domain/errors.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Client } from '../../client.ts';
import type { Context } from '../context.ts';
import { explain, LocalError } from '../errors.ts';
import {
  codebaseAround,
  PROJECT_VARIABLE,
  type Resolved,
  resolveProject,
  workingPath,
} from '../projects/resolve.ts';

export interface Here {
  /** What commands take that name none; null where there is nothing to take. */
  readonly project: WireProject | null;
  readonly resolved_by: Resolved['resolved_by'] | null;
  /** The repository around the working directory, where no project is; null otherwise. */
  readonly unregistered: string | null;
  /** What is in the way of telling what is meant here, beyond that nothing is. */
  readonly problem: string | null;
  /** What to do about that, where there is something. */
  readonly remedy: string | null;
}

export async function projectHere(ctx: Context, client: Client): Promise<Here> {
  const meant = await resolveProject(ctx, client, undefined, { isTold: false }).catch((error: unknown) => {
    if (error instanceof RegistryError || error instanceof LocalError) return error;
    throw error;
  });
  const { path, fault } = workingPath(ctx);
  // Of one that is gone nobody can look what is in it.
  const around = fault === undefined ? (codebaseAround(path) ?? null) : null;
  const place = { problem: fault ?? null, remedy: null };
  if (!(meant instanceof Error)) {
    const { project, resolved_by } = meant;
    return { project, resolved_by, unregistered: resolved_by === 'active' ? around : null, ...place };
  }
  const isNone =
    meant instanceof RegistryError && meant.kind === 'project_not_found' && !ctx.host.env[PROJECT_VARIABLE];
  const none = { project: null, resolved_by: null };
  if (isNone) return { ...none, unregistered: around, ...place };
  const { message, hint = null } = explain(meant, ctx.hints);
  return { ...none, unregistered: null, problem: message, remedy: hint };
}
