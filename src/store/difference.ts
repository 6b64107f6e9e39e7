/** From one content of the registry to another that did not come through the queue. */
import type { Project } from '../domain/project.ts';
import type { Change } from '../domain/draft.ts';
import { Registry, type RegistryView } from '../domain/registry.ts';
import { type IsTraining, succeedProject } from '../domain/training/succession.ts';
import { isLeaseRecorded } from '../domain/training/training.ts';
import { requireReadable } from './format/stored-project.ts';

export interface Succession {
  readonly registry: Registry;
  /** Whether the content says something else of a lease than this: the next daemon must not believe it. */
  readonly leasesDiffer: boolean;
}

/**
 * Another content as the successor of this one: projects that are the same stay the same objects, with all that was
 * kept for them; leases go on, and no token goes back.
 *
 * @throws {InvalidParamsError} when what comes of the two could not be read again
 */
export function succeed(before: RegistryView, after: Registry, isTraining: IsTraining): Succession {
  let leasesDiffer = false;
  const projects = Array.from(after.projects(), (project) => {
    const id = project.project_id;
    const known = before.get(id);
    const next = succeedProject(known, project, isTraining(id));
    // Each was read; what was put together of both has not been.
    if (next !== project) requireReadable([{ id, after: next }]);
    if (isTraining(id) || isLeaseRecorded(project)) leasesDiffer ||= !sameContent(project, next);
    return known && sameContent(known, next) ? known : next;
  });
  const registry = new Registry(projects, after.active, after.version, after.extra);
  return { registry, leasesDiffer };
}

/** The changes that lead from one state to another: removals first, so that a freed name can be taken again. */
export function difference(before: RegistryView, after: RegistryView): Change[] {
  const changes: Change[] = [];
  for (const project of before.projects()) {
    if (!after.get(project.project_id)) changes.push({ id: project.project_id, before: project });
  }
  for (const project of after.projects()) {
    const known = before.get(project.project_id);
    if (!known) changes.push({ id: project.project_id, after: project });
    else if (!sameContent(known, project))
      changes.push({ id: project.project_id, before: known, after: project });
  }
  if (before.active !== after.active) changes.push({ active: after.active, previous: before.active });
  return changes;
}

function sameContent(a: Project, b: Project): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
