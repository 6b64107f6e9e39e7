/** Codebases that lie elsewhere now. */
import { InvalidParamsError, RegistryError } from '../errors.ts';
import { checkedPath, putChanged } from '../changes.ts';
import { MAX_PATH_BYTES } from '../limits.ts';
import type { Project } from '../project.ts';
import { findProject } from './references.ts';
import type { Draft } from '../draft.ts';

/** One project, or all at or below a directory that has moved. Exactly one of the two. */
export interface Moved {
  readonly project?: string | undefined;
  readonly from?: string | undefined;
}

/** Where a path leads, or led before what was there was moved. What the disk says of it comes in. */
export type LeadsTo = (path: string) => string;

export interface Moves {
  /** The projects, as they are then. */
  readonly moved: Project[];
  /** Those that were at one of the same places before. A path there means none of them alone. */
  readonly others: Project[];
}

/**
 * Changes where codebases are, in one change.
 *
 * @param to where the project, or the directory, is now
 * @param leadsTo a project that is registered through a link lies behind it, too; default as it is written
 * @throws {RegistryError} `project_not_found`, also when no project is at or below `from`; `ambiguous_project`
 * @throws {InvalidParamsError} when both or none of the two are given
 */
export function move(
  draft: Draft,
  what: Moved,
  to: string,
  now: string,
  leadsTo: LeadsTo = (path) => path,
): Moves {
  const target = checkedPath(to, 'to');
  const meant = meantBy(draft, what, leadsTo);
  const moved = meant.map(({ each, inside }) => place(draft, each, join(target, inside), now));
  const places = new Set(meant.map(({ inside }) => join(leadsTo(target), inside)));
  const ids = new Set(moved.map(({ project_id: id }) => id));
  const others = Array.from(draft.projects()).filter(
    ({ project_id: id, source_path: path }) => !ids.has(id) && places.has(leadsTo(path)),
  );
  return { moved, others };
}

interface Meant {
  readonly each: Project;
  /** Where it is in the directory that has moved, with a slash; empty for the directory itself. */
  readonly inside: string;
}

function meantBy(draft: Draft, { project, from }: Moved, leadsTo: LeadsTo): Meant[] {
  if (project !== undefined && from === undefined) return [{ each: findProject(draft, project), inside: '' }];
  if (from === undefined || project !== undefined) {
    throw new InvalidParamsError([{ path: '', message: 'takes either project or from' }]);
  }
  const source = checkedPath(from, 'from');
  const real = leadsTo(source);
  const meant = Array.from(draft.projects()).flatMap((each) => {
    const inside = below(each.source_path, source) ?? below(leadsTo(each.source_path), real);
    return inside === null ? [] : [{ each, inside }];
  });
  if (meant.length > 0) return meant;
  const message = `cannot move ${source}: no project is at or below it`;
  throw new RegistryError('project_not_found', message, { from: source });
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
