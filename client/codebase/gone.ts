/** Which codebases are no longer where the registry has them, and which project one was that lies elsewhere now. The daemon asks no disk for longer than it may. */
import { lstat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { WireProject } from '../../src/domain/encoding.ts';
import type { Repository } from '../../src/domain/project.ts';
import { MAX_LIST } from '../../src/protocol/limits.ts';
import { INVALID_PARAMS } from '../../src/protocol/errors.ts';
import type { Client } from '../client.ts';
import { ConnectionError, RpcError } from '../errors.ts';
import { isSameRepository } from './repository.ts';

/** Whoever looks at a few projects does not wait longer for a disk that does not answer. Milliseconds. */
const GLANCE_MS = 1_000;

export interface Gone {
  /** The ids of the projects whose `source_path` is gone. */
  readonly ids: ReadonlySet<string>;
  /**
   * Whether a disk did not answer. None is said to be gone then: which ones were told before that disk was asked is
   * chance, and marks that come and go tell nothing.
   */
  readonly silent: boolean;
}

export const NONE_GONE: Gone = { ids: new Set(), silent: false };

/**
 * Asks only about what is to be shown. A disk that answers is waited for, also where there are thousands of projects; one
 * that does not, for seconds at most.
 *
 * @param projects default all
 */
export async function goneAmong(
  client: Client,
  projects?: readonly { readonly project_id: string }[],
): Promise<Gone> {
  if (projects?.length === 0) return NONE_GONE;
  const named = projects && projects.length <= MAX_LIST;
  return await look(client, named ? projects.map(({ project_id: id }) => id) : undefined);
}

/** Whether the codebase of one project is gone; false where that is not told at once. */
export async function isGoneNow(client: Client, project: { readonly project_id: string }): Promise<boolean> {
  return (await goneNow(client, [project])).has(project.project_id);
}

/** The ids of those whose codebase is gone; none where that is not told at once. */
export async function goneNow(
  client: Client,
  projects: readonly { readonly project_id: string }[],
): Promise<ReadonlySet<string>> {
  try {
    const ids = projects.map(({ project_id: id }) => id);
    return ids.length === 0 ? NONE_GONE.ids : (await look(client, ids, GLANCE_MS)).ids;
  } catch (error) {
    if (error instanceof ConnectionError && error.reason === 'timeout') return NONE_GONE.ids;
    throw error;
  }
}

async function look(client: Client, projects?: string[], deadline?: number): Promise<Gone> {
  try {
    const params = {
      codes: ['source_missing' as const, 'source_unreachable' as const],
      ...(projects && { projects }),
    };
    const { issues } = await client.registry.validate(params, { deadline });
    if (issues.some(({ silent }) => silent)) return { ...NONE_GONE, silent: true };
    const gone = issues.filter(({ code }) => code === 'source_missing');
    return { ids: new Set(gone.map(({ project_id: id = '' }) => id)), silent: false };
  } catch (error) {
    // A daemon of an earlier version, which may run in the foreground or elsewhere, takes no parameters.
    if (error instanceof RpcError && error.code === INVALID_PARAMS) return NONE_GONE;
    throw error;
  }
}

/**
 * The project that a codebase was before it was moved here.
 *
 * @param all gives every project
 */
export async function goneFrom(
  client: Client,
  all: () => Promise<readonly WireProject[]>,
  path: string,
  repository: Repository | null,
): Promise<WireProject | undefined> {
  if (!repository) return undefined;
  const same = (await all()).filter((one) => isSameRepository(one.repository, repository));
  return same.length === 0 ? undefined : (await movedAmong(client, same))?.(path, repository);
}

/** Gives the project that a codebase was, as far as its repository and its name tell. */
export type MovedFrom = (path: string, repository: Repository | null) => WireProject | undefined;

/** For these projects; undefined where none of them is gone, and there is nothing to ask git about. */
export async function movedAmong(
  client: Client,
  projects: readonly WireProject[],
): Promise<MovedFrom | undefined> {
  const kept = projects.filter(({ repository }) => repository);
  const { ids } = await goneAmong(client, kept);
  if (ids.size === 0) return undefined;
  return (path, repository) => {
    const same = kept.filter((one) => isSameRepository(one.repository, repository));
    const gone = same.filter(({ project_id: id }) => ids.has(id));
    // A repository may have many projects in it: only the one that had the same place can be meant.
    const named = gone.filter(({ source_path: old }) => basename(old) === basename(path));
    // One that has another name now can be told only where there is no other project.
    const [candidate, ...others] = named.length > 0 || same.length > 1 ? named : gone;
    return others.length === 0 ? candidate : undefined;
  };
}

/**
 * Whether what {@link movedAmong} gives is likely to be meant, and not another directory of its repository: nothing tells
 * where in it a project lay. One that is the top of a repository, or has the name of the project's directory, is likely.
 */
export async function isLikely({ source_path: old }: WireProject, path: string): Promise<boolean> {
  if (basename(old) === basename(path)) return true;
  return await lstat(join(path, '.git')).then(
    () => true,
    () => false,
  );
}
