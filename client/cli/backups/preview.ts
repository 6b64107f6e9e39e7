/** What restoring a backup would change. Pure. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Json, JsonObject } from '../../../src/domain/project.ts';
import { type StoredRegistry, storedName } from './stored-registry.ts';

export interface Affected {
  readonly project_id: string;
  readonly name: string;
  /** Of those that change, the fields that do. */
  readonly fields?: readonly string[];
}

export interface Preview {
  readonly comes_back: readonly Affected[];
  readonly goes: readonly Affected[];
  readonly changes: readonly Affected[];
  /** How many stay as they are. */
  readonly stay: number;
  /** Ids; undefined where the active project stays. */
  readonly active_project?: { readonly from: string | null; readonly to: string | null };
}

/** What a file of an old version leaves out. */
const DEFAULTS: JsonObject = {
  last_trained: null,
  last_used: null,
  tags: [],
  metadata: {},
  training: null,
  retrain_requested: null,
};
const TIMES = new Set(['created_at', 'last_updated', 'last_trained', 'last_used']);
/** What changes whenever anything does, and what the registry never takes back. */
const NO_NEWS = new Set(['etag', 'last_updated']);

/**
 * @param only ids in the backup; undefined for its whole content
 */
export function previewOf(
  now: { readonly projects: readonly WireProject[]; readonly active: string | null },
  then: StoredRegistry,
  only: readonly string[] | undefined,
): Preview {
  const current = new Map(now.projects.map((project) => [project.project_id, project]));
  const wanted = [...then.projects].filter(([id]) => !only || only.includes(id));
  const changes = wanted.flatMap(([id, project]) => {
    const before = current.get(id);
    const fields = before ? changedFields(before, project) : [];
    return before && fields.length > 0 ? [{ project_id: id, name: before.name, fields }] : [];
  });
  const known = wanted.filter(([id]) => current.has(id)).length;
  const moves = !only && now.active !== then.active;
  return {
    comes_back: wanted
      .filter(([id]) => !current.has(id))
      .map(([id, project]) => ({ project_id: id, name: storedName(id, project) })),
    goes: only
      ? []
      : now.projects
          .filter(({ project_id: id }) => !then.projects.has(id))
          .map(({ project_id, name }) => ({ project_id, name })),
    changes,
    stay: known - changes.length,
    ...(moves && { active_project: { from: now.active, to: then.active } }),
  };
}

export function changesNothing({
  comes_back: back,
  goes,
  changes,
  active_project: active,
}: Preview): boolean {
  return back.length + goes.length + changes.length === 0 && !active;
}

function changedFields(before: WireProject, after: JsonObject): string[] {
  const restored: JsonObject = { ...DEFAULTS, ...after };
  const fields = new Set([...Object.keys(before), ...Object.keys(restored)]);
  return [...fields].filter((field) => {
    if (NO_NEWS.has(field)) return false;
    return comparable(field, before[field] as Json) !== comparable(field, restored[field]);
  });
}

/** A value as text, the same for values that mean the same. */
function comparable(field: string, value: Json | undefined): string {
  if (typeof value === 'string') {
    const time = TIMES.has(field) ? Date.parse(value) : Number.NaN;
    return Number.isNaN(time) ? value.normalize('NFC').trim() : String(time);
  }
  if (field === 'training' && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    // Tokens only grow, whatever is restored.
    const { token: _kept, ...record } = value;
    return canonical(record);
  }
  return canonical(value ?? null);
}

/** JSON with the members of objects in order. */
function canonical(value: Json): string {
  return JSON.stringify(value, (_key, member: Json) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
