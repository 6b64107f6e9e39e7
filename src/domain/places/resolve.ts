/** Which project a program should work on. */
import { RegistryError } from '../errors.ts';
import type { Project } from '../project.ts';
import type { RegistryView } from '../registry.ts';
import { findProject } from './references.ts';
import type { Found } from './whereabouts.ts';

/** The active project; null when none is, or when the file names one that does not exist. */
export function activeProject(view: RegistryView): Project | null {
  return view.active === null ? null : (view.get(view.active) ?? null);
}

/** The one that was active before that; null when none was, or it does not exist. */
export function previousProject(view: RegistryView): Project | null {
  return view.previous === view.active ? null : (view.get(view.previous ?? '') ?? null);
}

export type ResolvedBy = 'argument' | 'env' | 'cwd' | 'worktree' | 'active';

/**
 * The project a program should work on: the argument, the environment's, the one around the working directory,
 * the active one. The first that is given counts; one that is given and matches nothing is an error, except `cwd`.
 *
 * @param given with what was found around the working directory
 */
export function resolveProject(
  view: RegistryView,
  given: { project?: string | undefined; env?: string | undefined; around?: Found | undefined },
): { project: Project; resolved_by: ResolvedBy } {
  if (given.project !== undefined)
    return { project: findProject(view, given.project), resolved_by: 'argument' };
  if (given.env) return { project: findProject(view, given.env), resolved_by: 'env' };
  if (given.around) return { project: given.around.project, resolved_by: given.around.by };
  const active = activeProject(view);
  if (active) return { project: active, resolved_by: 'active' };
  const message = 'cannot tell which project is meant: none is given and none is active';
  throw new RegistryError('project_not_found', message);
}
