/** Which of the codebases that were found are projects already, or belong to one. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { isSameDirectory } from '../../reach/here.ts';
import type { Client } from '../../client.ts';
import { ifRefused } from '../errors.ts';
import type { Codebase } from './find.ts';

/**
 * The project that a codebase is or belongs to, as the daemon finds it, behind links too: of a linked worktree that of its
 * repository, of what is no repository the one around it. A repository within a project is one of its own.
 */
export async function projectOf(client: Client, codebase: Codebase): Promise<WireProject | undefined> {
  const { path, real, kind } = codebase;
  const found = await client.projects
    .resolve({ cwd: path })
    // There is none around it, and none is active.
    .catch(ifRefused('project_not_found', undefined));
  if (!found || found.resolved_by === 'active') return undefined;
  const isPart = kind !== 'repository' || found.resolved_by === 'worktree';
  return isPart || (await isSameDirectory(real, found.project.source_path)) ? found.project : undefined;
}
