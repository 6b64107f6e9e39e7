/** Which project a command is about: as the person named it, or where they may leave it out. */
import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errorCode, isMissing as isGone } from '../../../src/system/errors.ts';
import type { Client } from '../../client.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import type { Result } from '../../../src/protocol/methods.ts';
import type { Context } from '../context.ts';
import { requireAnswer } from '../codebase/disk-answer.ts';
import { elsewhere } from '../elsewhere.ts';
import { ifRefused } from '../errors.ts';
import { printable } from '../terminal/text.ts';

/** What help says of the word that names one. */
export const PROJECT = 'name, id or path of a project';

/** Advice for a command to which nobody has named one. */
export const NONE_MEANT = {
  project_not_found: 'gardener ls, then name a project or make one active: gardener use <project>',
};

export type Resolved = Result<'projects.resolve'>;

/** The environment's word for the project to work on. */
export const PROJECT_VARIABLE = 'CODEBASE_GARDENER_PROJECT';

/**
 * The project that was named, otherwise the environment's, the one around the working directory, the active one. Says
 * so on standard error where the active one stands in for a codebase that nobody has registered.
 *
 * @param isTold false for whoever will not take the active one
 * @param isToChange for whoever will change the project, by its id
 * @throws {RegistryError} `project_not_found`, `ambiguous_project`
 */
export async function resolveProject(
  ctx: Context,
  client: Client,
  argument: string | undefined,
  { isTold = true, isToChange = false }: { readonly isTold?: boolean; readonly isToChange?: boolean } = {},
): Promise<Resolved> {
  if (argument !== undefined) {
    const find = isToChange ? referenceToChange : referenceTo;
    return client.projects.resolve({ project: await find(ctx, client, argument) });
  }
  // What is then changed by its id must be found as a change finds it.
  const how = isToChange ? { to_change: true } : {};
  const env = ctx.host.env[PROJECT_VARIABLE];
  if (env) {
    ctx.hints = { project_not_found: `gardener ls, or unset ${PROJECT_VARIABLE}` };
    return client.projects.resolve({ env: await referenceTo(ctx, client, env), ...how });
  }
  const { path: cwd, fault } = workingPath(ctx);
  const resolved = await client.projects.resolve({ ...(cwd !== undefined && { cwd }), ...how });
  if (!isTold || resolved.resolved_by !== 'active') return resolved;
  const why =
    fault ?? (cwd !== undefined && codebaseAround(cwd) !== undefined ? 'not registered' : undefined);
  if (why !== undefined) ctx.note(`${why}: using the active project "${printable(resolved.project.name)}"`);
  return resolved;
}

/**
 * A project as the person named it, for the daemon. A bare word is a name or an id; where no project has it and a
 * directory here does, it means that.
 */
export async function referenceTo(ctx: Context, client: Client, text: string): Promise<string> {
  const reference = ctx.reference(text);
  if (reference.startsWith('/')) return reference;
  const known = await client.projects.get({ project: reference }).catch(ifRefused('project_not_found', null));
  if (known) return known.project_id;
  // Only now: what is of that name here may be on a disk that does not answer.
  const { path: cwd, fault } = workingPath(ctx);
  if (fault !== undefined) return reference;
  const path = resolve(cwd, text);
  await requireAnswer(path, ctx.shortPath(path));
  return statusOf(path)?.isDirectory() ? path : reference;
}

/**
 * The same for what will be changed: of a path, the id. A path that is not there is a mistake, and not meant to name the
 * project around it, unless it is where a project is to be.
 *
 * @throws {RegistryError} `project_not_found`, `ambiguous_project`
 * @throws {LocalError} when the disk answers the daemon and not the command line
 */
export async function referenceToChange(ctx: Context, client: Client, text: string): Promise<string> {
  const reference = await referenceTo(ctx, client, text);
  if (!reference.startsWith('/')) return reference;
  const found = await client.projects.get({ project: reference, to_change: true });
  const { project_id: id, name } = found;
  const path = resolve(reference);
  if (path === found.source_path || (await elsewhere(ctx, client.hello))) return id;
  await requireAnswer(path, ctx.shortPath(path));
  if (!isMissing(path)) return id;
  throw new RegistryError(
    'project_not_found',
    `cannot tell which project is meant: there is no ${printable(ctx.shortPath(path))}`,
    { project: reference, suggestions: [name] },
  );
}

/** Why it is this project. */
export function origin({ resolved_by: by }: Resolved): string {
  switch (by) {
    case 'argument':
      return 'as named';
    case 'env':
      return `from ${PROJECT_VARIABLE}`;
    case 'cwd':
      return 'the working directory is in it';
    case 'worktree':
      return 'the working directory is in a worktree of it';
    case 'active':
      return 'the active project';
  }
}

/** The repository that a directory belongs to, as it is written or behind links; undefined where there is none. */
export function codebaseAround(directory: string): string | undefined {
  return repositoryAbove(directory) ?? repositoryAbove(realpathSync(directory));
}

function repositoryAbove(directory: string): string | undefined {
  for (let place = directory; ; place = dirname(place)) {
    if (statusOf(join(place, '.git'))) return place;
    if (place === dirname(place)) return undefined;
  }
}

/** Whether nothing is there, not even a link that leads nowhere; false for what may not be looked at. */
function isMissing(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    return errorCode(error) === 'ENOTDIR';
  }
}

function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // What may not be looked at, or lies in what is no directory, says nothing about projects.
    return undefined;
  }
}

/** The working directory; where it was, as far as anybody knows, and why it cannot be told. */
function workingPath(ctx: Context): { path: string; fault?: never } | { path?: string; fault: string } {
  try {
    return { path: ctx.host.cwd() };
  } catch (error) {
    const path = ctx.host.lostCwd();
    const fault = isGone(error) ? 'the working directory is gone' : 'cannot tell the working directory';
    return { fault, ...(path !== undefined && { path }) };
  }
}
