/** Which project a command is about: as the person named it, or where they may leave it out. */
import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errorCode, isMissing as isGone } from '../../../src/system/errors.ts';
import type { Client } from '../../client.ts';
import { RpcError } from '../../errors.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import { isRefusal } from '../../../src/domain/values/refusal.ts';
import { MAX_PATH_BYTES } from '../../../src/domain/limits.ts';
import type { Result } from '../../../src/protocol/methods.ts';
import type { Context } from '../context.ts';
import { requireAnswer } from '../codebase/disk-answer.ts';
import { elsewhere } from '../elsewhere.ts';
import { ifRefused, LocalError } from '../errors.ts';
import { printable } from '../terminal/text.ts';

/** Projects named where several may be meant. */
const MAX_NAMED = 5;

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
 * @throws {LocalError} when the environment's cannot be the word for any
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
    ctx.hints = { project_not_found: OTHERWISE };
    const reference = await referenceTo(ctx, client, env, EXACTLY).catch(refuseVariable);
    return client.projects.resolve({ env: reference, ...how });
  }
  const { path: cwd, fault } = workingPath(ctx);
  const resolved = await client.projects
    .resolve({ ...(cwd !== undefined && { cwd }), ...how })
    .catch(async (error: unknown) => {
      if (isRefusal(error, 'project_not_found') && (await isEmpty(client)))
        ctx.hints = { project_not_found: BEGIN };
      throw error;
    });
  if (!isTold || resolved.resolved_by !== 'active') return resolved;
  const why =
    fault ?? (cwd !== undefined && codebaseAround(cwd) !== undefined ? 'not registered' : undefined);
  if (why !== undefined) ctx.note(`${why}: using the active project "${printable(resolved.project.name)}"`);
  return resolved;
}

/** What to do about the environment's word for a project that means none. */
const OTHERWISE = `gardener ls, or unset ${PROJECT_VARIABLE}`;

/** What is too long, say, is told by its place in the call, which nobody has typed. */
function refuseVariable(error: unknown): never {
  const [issue] = error instanceof RpcError ? error.issues : [];
  if (!issue) throw error;
  throw new LocalError(`cannot use ${PROJECT_VARIABLE}: it ${issue.message}`, OTHERWISE, error);
}

/** What is advised where nothing is registered: there is none to name. */
export const BEGIN = 'gardener add .';

export async function isEmpty(client: Client): Promise<boolean> {
  return (await client.registry.info()).project_count === 0;
}

interface Guessing {
  /** Whether the beginning of a name or id will do, where only one project has it. */
  readonly guesses?: boolean;
}

/** For what nobody wants to have happened to another project than the one that was meant. */
export const EXACTLY: Guessing = { guesses: false };

/**
 * A project as the person named it, for the daemon. A bare word is a name or an id; where no project has it and a
 * directory here does, it means that; otherwise the project whose name or id begins with it, which is said.
 *
 * @throws {RegistryError} `ambiguous_project` when several begin with it
 */
export async function referenceTo(
  ctx: Context,
  client: Client,
  text: string,
  { guesses = true }: Guessing = {},
): Promise<string> {
  const reference = ctx.reference(text);
  if (reference.startsWith('/')) return reference;
  const known = await client.projects.get({ project: reference }).catch(ifRefused('project_not_found', null));
  if (known) return known.project_id;
  // Only now: what is of that name here may be on a disk that does not answer.
  const { path: cwd, fault } = workingPath(ctx);
  if (fault === undefined) {
    const path = resolve(cwd, text);
    await requireAnswer(path, ctx.shortPath(path));
    if (statusOf(path)?.isDirectory()) return path;
  }
  return (guesses && (await guess(ctx, client, reference))) || reference;
}

/**
 * The same for what will be changed: of a path, the id. A path that is not there is a mistake, and not meant to name the
 * project around it, unless it is where a project is to be.
 *
 * @throws {RegistryError} `project_not_found`, `ambiguous_project`
 * @throws {LocalError} when the disk answers the daemon and not the command line
 */
export async function referenceToChange(
  ctx: Context,
  client: Client,
  text: string,
  guessing?: Guessing,
): Promise<string> {
  const reference = await referenceTo(ctx, client, text, guessing);
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

/** The id of the project that begins like this; undefined when none does. */
async function guess(ctx: Context, client: Client, beginning: string): Promise<string | undefined> {
  // What goes back with `use` is no beginning elsewhere.
  if (beginning === '-') return undefined;
  const { projects } = await client.projects.list({ beginning, sort: 'name', limit: MAX_NAMED + 1 });
  const [first, second] = projects;
  if (!first) return undefined;
  if (!second) {
    ctx.note(`taking "${printable(first.name)}" for ${printable(beginning)}`);
    return first.project_id;
  }
  const count = projects.length > MAX_NAMED ? 'many' : projects.length;
  throw new RegistryError(
    'ambiguous_project',
    `cannot tell which project is meant: ${count} projects begin with "${beginning}"`,
    { project: beginning, suggestions: projects.slice(0, MAX_NAMED).map(({ name }) => name) },
  );
}

/**
 * The project around the working directory; undefined where that is in none.
 *
 * @param isToChange for whoever will change the project, by its id
 */
export async function projectAround(
  ctx: Context,
  client: Client,
  { isToChange = false }: { readonly isToChange?: boolean } = {},
): Promise<WireProject | undefined> {
  const { path: cwd } = workingPath(ctx);
  if (cwd === undefined) return undefined;
  const look = async (how: object): Promise<WireProject | undefined> => {
    const found = await client.projects
      .resolve({ cwd, ...how })
      .catch(ifRefused('project_not_found', undefined));
    return found?.resolved_by === 'active' ? undefined : found?.project;
  };
  const found = await look({});
  // To look as a change does takes seconds where there are thousands, which is only for one that is there.
  return found && isToChange ? look({ to_change: true }) : found;
}

/** Why it is this project. */
export function origin({ resolved_by: by }: Pick<Resolved, 'resolved_by'>): string {
  return REASONS[by];
}

const REASONS: Readonly<Record<Resolved['resolved_by'], string>> = {
  argument: 'as named',
  env: `named by ${PROJECT_VARIABLE}`,
  cwd: 'around the working directory',
  worktree: 'the working directory is in a worktree of it',
  active: 'the active project',
};

/** The repository that a directory belongs to, as it is written or behind links; undefined where there is none. */
export function codebaseAround(directory: string): string | undefined {
  const real = withoutLinks(directory);
  return repositoryAbove(directory) ?? (real === undefined ? undefined : repositoryAbove(real));
}

function withoutLinks(directory: string): string | undefined {
  try {
    return realpathSync(directory);
  } catch {
    // It is gone, or one on the way to it may not be searched.
    return undefined;
  }
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
export function workingPath(
  ctx: Context,
): { path: string; fault?: never } | { path?: string; fault: string } {
  const found = standingAt(ctx);
  return Buffer.byteLength(found.path ?? '') > MAX_PATH_BYTES
    ? { fault: 'the path of the working directory is too long' }
    : found;
}

function standingAt({ host }: Context): ReturnType<typeof workingPath> {
  try {
    return { path: host.cwd() };
  } catch (error) {
    const path = host.lostCwd();
    const fault = isGone(error) ? 'the working directory is gone' : 'cannot tell the working directory';
    return { fault, ...(path !== undefined && { path }) };
  }
}
