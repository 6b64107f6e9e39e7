/** A project without what one operation did to it, and with all that was done since: a three-way merge, field by field. */
import type { Json, JsonObject, Project } from '../project.ts';
import { isSameJson } from '../values/json.ts';

/** Fields that say one thing together: how training stands, and what of it is in service. They go back all or none. */
const TOGETHER = [
  ['training_status', 'training', 'retrain_requested', 'last_trained'],
  ['lora_adapter_path', 'vector_store_path', 'context_path', 'trained_from', 'base_model'],
] as const satisfies readonly (readonly string[])[];

/** Moves with every change. */
const TIME = 'last_updated';

export type IsGone = (adapter: string) => boolean;

export interface MergedBack {
  /** The very project that there is, when nothing of it goes back. */
  readonly project: Project;
  /** What the operation changed, and somebody else since, or what would be of an adapter that is gone. */
  readonly kept: readonly string[];
}

/**
 * @param was before the operation
 * @param made what that made of it
 * @param is what there is now
 * @param isGone whether an adapter is not there any more: nothing goes back to that
 */
export function mergeBack(was: Project, made: Project, is: Project, isGone: IsGone): MergedBack {
  const next: Record<string, unknown> = { ...is };
  const kept: string[] = [];
  let goesBack = false;
  for (const fields of units([was, made, is])) {
    const changed = fields.filter((field) => !isSameJson(was[field], made[field]));
    const back = changed.filter((field) => !isSameJson(was[field], is[field]));
    if (back.length === 0) continue;
    const adapter = back.includes('lora_adapter_path') ? was.lora_adapter_path : null;
    const isThere = adapter === null || !isGone(adapter);
    if (isThere && fields.every((field) => isSameJson(is[field], made[field]))) {
      for (const field of changed) put(next, field, was[field]);
      goesBack = true;
    } else kept.push(...back);
  }
  const metadata = mergeKeys(was.metadata, made.metadata, is.metadata);
  if (!isSameJson(metadata, is.metadata)) {
    next['metadata'] = metadata;
    goesBack = true;
  } else if (!isSameJson(was.metadata, made.metadata) && !isSameJson(was.metadata, is.metadata))
    kept.push('metadata');
  return { project: goesBack ? (next as Project) : is, kept };
}

/** The fields of all of them, those that belong together in one. */
function units(projects: readonly Project[]): readonly (readonly string[])[] {
  const alone = new Set(projects.flatMap((project) => Object.keys(project)));
  for (const field of [TIME, 'metadata', ...TOGETHER.flat()]) alone.delete(field);
  return [...TOGETHER, ...[...alone].map((field) => [field])];
}

/** By their top-level keys, as an update merges them. */
function mergeKeys(was: JsonObject, made: JsonObject, is: JsonObject): JsonObject {
  const [before, after] = [new Map(Object.entries(was)), new Map(Object.entries(made))];
  const next = new Map(Object.entries(is));
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    if (isSameJson(before.get(key), after.get(key)) || !isSameJson(next.get(key), after.get(key))) continue;
    const value: Json | undefined = before.get(key);
    if (value === undefined) next.delete(key);
    else next.set(key, value);
  }
  return Object.fromEntries(next);
}

/** A field that this version does not know may be none that can be assigned to. */
function put(project: Record<string, unknown>, field: string, value: unknown): void {
  if (value === undefined) delete project[field];
  else Object.defineProperty(project, field, { value, enumerable: true, writable: true, configurable: true });
}
