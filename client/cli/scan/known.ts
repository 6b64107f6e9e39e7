/** Which of the codebases that were found are projects already, or belong to one. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { isSameDirectory } from '../../reach/here.ts';
import type { Client } from '../../client.ts';
import { projectsAround } from '../../codebase/registered.ts';
import type { Codebase } from './find.ts';

/**
 * The project that a codebase is or belongs to, as the daemon finds it, behind links too: of a linked worktree that of its
 * repository, of what is no repository the one around it. A repository within a project is one of its own.
 */
export async function projectOf(client: Client, codebase: Codebase): Promise<WireProject | undefined> {
  const { path, real, kind } = codebase;
  const { projects, isWorktree } = await projectsAround(client, path);
  const [project] = projects;
  if (!project) return undefined;
  const isPart = kind !== 'repository' || isWorktree;
  return isPart || (await isSameDirectory(real, project.source_path)) ? project : undefined;
}
