/** Which project a codebase was before it was moved here. */
import { basename } from 'node:path';
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Repository } from '../../../src/domain/project.ts';
import { isSameRepository } from '../../codebase/repository.ts';
import type { Client } from '../../client.ts';
import { goneAmong } from '../../codebase/gone.ts';

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
