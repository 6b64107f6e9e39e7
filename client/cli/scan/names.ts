/** Names for many codebases at once, of which some may be called alike. */
import { foldName, MAX_NAME_LENGTH } from '../../../src/domain/values/names.ts';
import { nameFor } from '../../codebase/names.ts';

/**
 * A name for each path, that of its directory. Those that would be equal, or that another project has, get that of the
 * directory around it before theirs: `work-api` and `oss-api`; further up until they differ, and a number where
 * nothing around them tells them apart.
 *
 * @param paths absolute, no two the same
 * @param taken names of projects
 */
export function namesFor(paths: readonly string[], taken: Iterable<string>): string[] {
  const others = new Set(Array.from(taken, foldName));
  const all = paths.map((path) => path.split('/').map(nameFor).filter(Boolean));
  // Of those that are called alike all the way, one goes up for all of them.
  const keys = all.map((words) => foldName(words.join('/')));
  const first = new Map([...keys.entries()].toReversed().map(([at, key]) => [key, at]));
  const alone = [...first.values()].toSorted((a, b) => a - b);
  const names = distinct(
    alone.map((at) => all[at] ?? []),
    others,
  );
  const known = new Set([...others, ...names.map(foldName)]);
  const byKey = new Map(alone.map((at, index) => [keys[at], names[index] ?? '']));
  return keys.map((key, at) => {
    const name = byKey.get(key) ?? '';
    if (first.get(key) === at) return name;
    const own = numbered(cut(name, MAX_NAME_LENGTH - 8), known);
    known.add(foldName(own));
    return own;
  });
}

/** @param parts the words of each path, of which no two are the same */
function distinct(parts: readonly (readonly string[])[], others: ReadonlySet<string>): string[] {
  const used = parts.map(() => 1);
  const names = parts.map((words) => joined(words, 1));
  for (;;) {
    const equal = equalTo(names, others).filter((at) => (used[at] ?? 0) < (parts[at]?.length ?? 0));
    if (equal.length === 0) break;
    for (const at of equal) names[at] = joined(parts[at] ?? [], (used[at] = (used[at] ?? 0) + 1));
  }
  const still = new Set(equalTo(names, others));
  const known = new Set([...others, ...names.filter((_, at) => !still.has(at)).map(foldName)]);
  return names.map((name, at) => {
    if (!still.has(at)) return name;
    const own = numbered(cut(name || 'project', MAX_NAME_LENGTH - 8), known);
    known.add(foldName(own));
    return own;
  });
}

/** The name, or the first with a number behind it, that is not among those that there are. */
function numbered(name: string, known: ReadonlySet<string>): string {
  let own = name;
  for (let number = 2; known.has(foldName(own)); number += 1) own = `${name}-${number}`;
  return own;
}

function joined(words: readonly string[], count: number): string {
  // What is nearest to the codebase says most of it.
  return nameFor(Array.from(words.slice(-count).join('-')).slice(-MAX_NAME_LENGTH).join(''));
}

function cut(text: string, length: number): string {
  return Array.from(text).slice(0, length).join('');
}

/** Where a name stands that is not the only one, or none. */
function equalTo(names: readonly string[], others: ReadonlySet<string>): number[] {
  const counts = new Map<string, number>();
  for (const name of names.map(foldName)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return names.flatMap((name, at) =>
    name === '' || others.has(foldName(name)) || (counts.get(foldName(name)) ?? 0) > 1 ? [at] : [],
  );
}
