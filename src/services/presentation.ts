/** A project as it goes out: as stored, with what its trainer has reported since. */
import { etagOf, wireJson } from '../domain/encoding.ts';
import type { Project } from '../domain/project.ts';
import { withProgress } from '../domain/training/training.ts';
import type { Leases } from './leases.ts';

/**
 * The JSON of a project. What is only in memory is shown, and is no part of the etag: a report of progress must not
 * make anybody's `if_etag` fail.
 */
export function projectJson(project: Project, leases: Leases): string {
  const live = leases.get(project.project_id)?.live;
  if (!live || !project.training) return wireJson(project);
  return JSON.stringify({
    ...project,
    training: withProgress(project.training, live),
    etag: etagOf(project),
  });
}
