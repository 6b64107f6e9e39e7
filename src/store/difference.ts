/** What lies between two contents of the registry, as changes in the order of the new one. */
import type { Project } from '../domain/project.ts';
import type { Change, RegistryView } from '../domain/registry.ts';

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
