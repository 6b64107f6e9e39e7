/** What an operation did to a registry, and a registry without it. */
import { refuseTaken } from '../changes.ts';
import { type Differing, differingFields, type Effect, effectOf } from '../contents.ts';
import { Draft } from '../draft.ts';
import type { Project } from '../project.ts';
import { Registry, type RegistryView } from '../registry.ts';
import { type IsTraining, succeedProject } from '../training/succession.ts';
import { foldName } from '../values/names.ts';
import { type IsGone, mergeBack } from './merge-back.ts';

/** The operations that can be taken back. */
export const UNDOABLE = ['remove', 'repair', 'restore', 'import'] as const;
export type Undoable = (typeof UNDOABLE)[number];

/** What an operation did: the projects that it touched, and which one was active. */
export interface Done {
  readonly before: Registry;
  readonly after: Registry;
}

/** What leads from one state to another. */
export function doneBetween(before: RegistryView, after: RegistryView, ids: Iterable<string>): Done {
  const wanted = [...new Set(ids)];
  const part = (view: RegistryView): Registry =>
    new Registry(
      wanted.flatMap((id) => view.get(id) ?? []),
      view.active,
      undefined,
      undefined,
      view.previous,
    );
  return { before: part(before), after: part(after) };
}

/** The same of a draft; to be asked before that is absorbed. */
export function doneBy(base: RegistryView, draft: Draft): Done {
  const ids = draft.changes.flatMap((change) => ('id' in change ? change.id : []));
  return doneBetween(base, draft, ids);
}

/** What taking an operation back comes to. */
export interface TakenBack extends Effect {
  /** What was changed since, and stays. */
  readonly kept: readonly Differing[];
}

/** What is asked about leases. */
export interface Leased {
  readonly isTraining: IsTraining;
  /** @throws {RegistryError} `lease_held` for a project that somebody trains */
  requireFree(project: Project): void;
}

/**
 * Takes an operation back, and leaves what was changed since.
 *
 * A project that came with it goes, unless it has changed; to be used is no change.
 *
 * @param isGone whether an adapter is not there any more; default none is
 * @throws {RegistryError} `project_exists` when a name that comes back belongs to another project by now; `lease_held`
 *   when a project would go that somebody trains. Nothing has changed then
 */
export function takeBack(
  draft: Draft,
  done: Done,
  now: string,
  leased: Leased,
  isGone: IsGone = () => false,
): TakenBack {
  const after = new Draft(draft);
  const kept: Differing[] = [];
  /** Returns whether there is anything. That it was used in the meantime is nothing. */
  const keep = ({ project_id, name }: Project, changed: readonly string[]): boolean => {
    const fields = changed.filter((field) => field !== 'last_used');
    if (fields.length > 0) kept.push({ project_id, name, fields });
    return fields.length > 0;
  };
  const puts: Project[] = [];
  const ids = idsOf(done);
  for (const id of ids) {
    const [was, made, is] = [done.before.get(id), done.after.get(id), draft.get(id)];
    if (was && !made && !is) puts.push(succeedProject(undefined, was, false));
    else if (!was && made && is) {
      leased.requireFree(is);
      if (!keep(is, differingFields(made, is))) after.remove(id);
    } else if (was && made && is) {
      const merged = mergeBack(was, made, is, isGone);
      keep(is, merged.kept);
      if (merged.project === is) continue;
      const next = succeedProject(is, merged.project, leased.isTraining(id));
      if (differingFields(is, next).length > 0) puts.push({ ...next, last_updated: now });
    }
  }
  requireNames(after, puts);
  for (const project of puts) after.put(project);
  activateAgain(after, done);
  const effect = effectOf(draft, after, ids);
  draft.absorb(after);
  return { ...effect, kept };
}

/** Whether there is nothing to take back: it was never made, or is as it was again. */
export function takesNothingBack(taken: TakenBack): boolean {
  const { comes_back, goes, changes, active_project } = taken;
  return comes_back.length + goes.length + changes.length === 0 && !active_project;
}

/** The projects that are not registered any more because of it. */
export function removedBy({ before, after }: Done): Project[] {
  return [...before.projects()].filter(({ project_id: id }) => !after.get(id));
}

function idsOf({ before, after }: Done): string[] {
  const all = [...before.projects(), ...after.projects()];
  return [...new Set(all.map(({ project_id: id }) => id))];
}

/** Two may take each other's name: only what is left in the end counts. */
function requireNames(draft: Draft, puts: readonly Project[]): void {
  const changing = new Set(puts.map(({ project_id: id }) => id));
  const owners = new Map<string, Project>();
  for (const project of puts) {
    const owner = draft.named(project.name);
    const isOthers = owner && !changing.has(owner.project_id);
    refuseTaken(isOthers ? owner : owners.get(foldName(project.name)), 'bring back', project.name);
    owners.set(foldName(project.name), project);
  }
}

/** Who was made active by it is not any more; nor who goes with it. */
function activateAgain(draft: Draft, { before, after }: Done): void {
  const { active, previous } = draft;
  const isThere = (id: string | null): boolean => id === null || draft.get(id) !== undefined;
  if (before.active !== after.active && active === after.active && isThere(before.active))
    draft.activate(before.active);
  else if (!isThere(active) && after.get(active ?? '')) {
    const [first] = draft.projects();
    draft.activate(first?.project_id ?? null);
  }
  // Nobody has switched since.
  if (active === after.active && previous === after.previous) draft.recall(before.previous);
}
