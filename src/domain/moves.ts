/** Codebases that lie elsewhere now. */
import { InvalidParamsError, RegistryError } from './errors.ts';
import { checkedPath, putChanged } from './operations.ts';
import { MAX_PATH_BYTES } from './limits.ts';
import type { Project } from './project.ts';
import { findProject } from './references.ts';
import type { Draft } from './registry.ts';

/** One project, or all at or below a directory that has moved. Exactly one of the two. */
export interface Moved {
  readonly project?: string | undefined;
  readonly from?: string | undefined;
}

/**
 * Changes where codebases are, in one change.
 *
 * @param to where the project, or the directory, is now
 * @returns the projects, as they are then
 * @throws {RegistryError} `project_not_found`, also when no project is at or below `from`; `ambiguous_project`
 * @throws {InvalidParamsError} when both or none of the two are given
 */
export function move(draft: Draft, { project, from }: Moved, to: string, now: string): Project[] {
  const target = checkedPath(to, 'to');
  if (project !== undefined && from === undefined) {
    return [place(draft, findProject(draft, project), target, now)];
  }
  if (from === undefined || project !== undefined) {
    throw new InvalidParamsError([{ path: '', message: 'takes either project or from' }]);
  }
  const source = checkedPath(from, 'from');
  const moved = Array.from(draft.projects()).flatMap((each) => {
    const inside = below(each.source_path, source);
    return inside === null ? [] : [{ each, inside }];
  });
  if (moved.length === 0) {
    throw new RegistryError('project_not_found', `cannot move ${source}: no project is at or below it`, {
      from: source,
    });
  }
  return moved.map(({ each, inside }) => place(draft, each, join(target, inside), now));
}

function place(draft: Draft, project: Project, source_path: string, now: string): Project {
  const bytes = Buffer.byteLength(source_path);
  if (bytes > MAX_PATH_BYTES) {
    const message = `makes the path of "${project.name}" ${bytes} bytes long, and ${MAX_PATH_BYTES} are allowed`;
    throw new InvalidParamsError([{ path: 'to', message }]);
  }
  return putChanged(draft, project, { ...project, source_path, last_updated: now });
}

/** What of a path lies below a directory, with its slash; null when it is not in it. */
function below(path: string, directory: string): string | null {
  if (path === directory) return '';
  const inside = directory === '/' ? path : path.slice(directory.length);
  return inside.startsWith('/') && path.startsWith(directory) ? inside : null;
}

function join(directory: string, inside: string): string {
  return directory === '/' && inside !== '' ? inside : directory + inside;
}
