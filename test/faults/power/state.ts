/** What a registry holds, in a form in which states can be compared and changes told from each other. */
import type { Content } from '../support/content.ts';

/** Each project by its id, and which one is active (`active`), as text. */
export type State = ReadonlyMap<string, string>;
/** What a change does to a state; null for what goes. */
export type Patch = ReadonlyMap<string, string | null>;

export function stateOf({ active, projects }: Content): State {
  return new Map([
    ['active', canonical(active)],
    ...projects.map((project) => [project.project_id, canonical(project)] as const),
  ]);
}

export function patched(state: State, patch: Patch): State {
  const next = new Map(state);
  for (const [key, value] of patch) {
    if (value === null) next.delete(key);
    else next.set(key, value);
  }
  return next;
}

export function difference(before: State, after: State): Patch {
  const patch = new Map<string, string | null>();
  for (const key of before.keys()) if (!after.has(key)) patch.set(key, null);
  for (const [key, value] of after) if (before.get(key) !== value) patch.set(key, value);
  return patch;
}

/** JSON with its keys in order. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
