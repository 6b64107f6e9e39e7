/**
 * What is taken out of another content of the registry: a backup's, or another registry's. Each of these tells what it
 * comes to, so that a draft that is thrown away tells what a change would do.
 */
import { refuseTaken } from './changes.ts';
import { Draft } from './draft.ts';
import { findProject } from './places/references.ts';
import type { Project } from './project.ts';
import type { RegistryView } from './registry.ts';
import { type IsTraining, succeedProject } from './training/succession.ts';
import { isSameJson } from './values/json.ts';

type Named = Pick<Project, 'project_id' | 'name'>;

/** How many projects of a backup are named to somebody who asks it for another one. */
const MAX_NAMED = 20;

/**
 * Brings projects of an earlier content back as they were then, under their old ids.
 *
 * @throws {RegistryError} `project_not_found` for one the earlier content does not have, with some that it has;
 *   `project_exists` when its name belongs to another project by now
 */
export function bringBack(
  draft: Draft,
  earlier: RegistryView,
  references: readonly string[],
  isTraining: IsTraining,
): Effect {
  const after = new Draft(draft);
  const names = () => Array.from(earlier.projects(), ({ name }) => name).slice(0, MAX_NAMED);
  const ids = references.map((reference) => {
    const project = findProject(earlier, reference, names);
    const { project_id: id, name } = project;
    const taken = after.named(name);
    if (taken?.project_id !== id) refuseTaken(taken, 'bring back', name);
    const here = draft.get(id);
    const next = succeedProject(here, project, isTraining(id));
    if (!isSameJson(here, next)) after.put(next);
    return id;
  });
  const effect = effectOf(draft, after, ids);
  draft.absorb(after);
  return effect;
}

/**
 * Takes the projects of another registry that are not in this one, as they are there; leaves those that are, and those
 * whose names are taken. The active project stays.
 */
export function importFrom(draft: Draft, file: RegistryView, isTraining: IsTraining) {
  const fresh: Named[] = [];
  const taken: (Named & { by: string })[] = [];
  const different: Differing[] = [];
  let same = 0;
  for (const project of file.projects()) {
    const named = nameOf(project);
    const here = draft.get(project.project_id);
    const owner = draft.named(project.name);
    const next = succeedProject(here, project, isTraining(project.project_id));
    if (here) {
      const fields = differingFields(here, next);
      if (fields.length > 0) different.push({ ...named, fields });
      else same += 1;
    } else if (owner) taken.push({ ...named, by: owner.source_path });
    else {
      draft.put(next);
      fresh.push(named);
    }
  }
  const active = fresh.find(({ project_id: id }) => id === file.active) ?? null;
  return { new: fresh, taken, different, same, active_project: active };
}

/** A project that is there before and after, with the fields that differ. */
export type Differing = Named & { fields: string[] };

/** What became of projects, or would. */
export type Effect = ReturnType<typeof effectOf>;

/** @param ids what it is about; default all projects of both */
export function effectOf(before: RegistryView, after: RegistryView, ids?: readonly string[]) {
  const comes_back: Named[] = [];
  const goes: Named[] = [];
  const changes: Differing[] = [];
  let stay = 0;
  const all = ids ?? [...after.projects(), ...before.projects()].map(({ project_id: id }) => id);
  for (const id of new Set(all)) {
    const [was, is] = [before.get(id), after.get(id)];
    const fields = was && is ? differingFields(was, is) : [];
    if (is && !was) comes_back.push(nameOf(is));
    else if (was && !is) goes.push(nameOf(was));
    else if (was && fields.length > 0) changes.push({ ...nameOf(was), fields });
    else stay += 1;
  }
  // The file may name an active project that does not exist.
  const active = (view: RegistryView): Named | null => {
    const id = view.active;
    return id === null ? null : { project_id: id, name: view.get(id)?.name ?? id };
  };
  const moved = before.active !== after.active;
  return {
    comes_back,
    goes,
    changes,
    stay,
    ...(moved && { active_project: { from: active(before), to: active(after) } }),
  };
}

function nameOf({ project_id, name }: Project): Named {
  return { project_id, name };
}

/** Without what moves whenever anything does, and what never goes back. */
export function differingFields(before: Project, after: Project): string[] {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
  fields.delete('last_updated');
  return [...fields].filter((field) => !isSameJson(comparable(before, field), comparable(after, field)));
}

function comparable(project: Project, field: string): unknown {
  return field === 'training' && project.training ? { ...project.training, token: 0 } : project[field];
}
