/** Which project is meant in this directory, and why; or that its codebase is in none. */
import { RegistryError } from '../../../src/domain/errors.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Client } from '../../client.ts';
import type { Context } from '../context.ts';
import { LocalError } from '../errors.ts';
import { codebaseAround, PROJECT_VARIABLE, type Resolved, resolveProject } from '../projects/resolve.ts';

export interface Here {
  /** What commands take that name none; null where there is nothing to take. */
  readonly project: WireProject | null;
  readonly resolved_by: Resolved['resolved_by'] | null;
  /** The repository around the working directory, where no project is; null otherwise. */
  readonly unregistered: string | null;
  /** Why none can be told, where that is not only that there is none. */
  readonly problem: string | null;
}

const NONE: Here = { project: null, resolved_by: null, unregistered: null, problem: null };

export async function projectHere(ctx: Context, client: Client): Promise<Here> {
  const meant = await resolveProject(ctx, client, undefined, { isTold: false }).catch((error: unknown) => {
    if (error instanceof RegistryError || error instanceof LocalError) return error;
    throw error;
  });
  if (!(meant instanceof Error)) {
    const { project, resolved_by } = meant;
    return {
      ...NONE,
      project,
      resolved_by,
      unregistered: resolved_by === 'active' ? unregistered(ctx) : null,
    };
  }
  const isNone =
    meant instanceof RegistryError && meant.kind === 'project_not_found' && !ctx.host.env[PROJECT_VARIABLE];
  return isNone ? { ...NONE, unregistered: unregistered(ctx) } : { ...NONE, problem: meant.message };
}

function unregistered(ctx: Context): string | null {
  const directory = workingDirectory(ctx);
  return directory === undefined ? null : (codebaseAround(directory) ?? null);
}

function workingDirectory({ host }: Context): string | undefined {
  try {
    return host.cwd();
  } catch {
    // It is gone, or has no name that could be told.
    return undefined;
  }
}
