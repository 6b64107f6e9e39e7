/** Which of the codebases that were found are projects already, or belong to one. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { isRefusal } from '../../../src/domain/errors.ts';
import { isSameDirectory } from '../../reach/here.ts';
import type { Client } from '../../client.ts';
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

/**
 * The projects that this very directory is registered as: those in this spelling, where there are any, otherwise those in
 * another one.
 *
 * @param isHere whether the registry is of this machine; other ones know nothing of its links
 */
export async function registeredAt(
  client: Client,
  path: string,
  isHere: boolean,
): Promise<readonly WireProject[]> {
  const { projects: written } = await client.projects.list({ source_path: path });
  if (written.length > 0 || !isHere) return written;
  const { projects } = await projectsAround(client, path);
  const [first] = projects;
  // All of them have one directory.
  return first && (await isSameDirectory(path, first.source_path)) ? projects : [];
}

interface Around {
  readonly projects: readonly WireProject[];
  readonly isWorktree: boolean;
}

/** The projects that a place belongs to: several where they have one directory. */
async function projectsAround(client: Client, cwd: string): Promise<Around> {
  try {
    const { project, resolved_by: by } = await client.projects.resolve({ cwd });
    return { projects: by === 'active' ? [] : [project], isWorktree: by === 'worktree' };
  } catch (error) {
    if (isRefusal(error, 'ambiguous_project'))
      return { projects: error.data['projects'] as WireProject[], isWorktree: false };
    // There is none around it, and none is active.
    if (isRefusal(error, 'project_not_found')) return { projects: [], isWorktree: false };
    throw error;
  }
}
