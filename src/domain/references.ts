/** How a caller names a project: by id, by name or by a path in it. */
import { distance } from 'fastest-levenshtein';
import { toWire } from './encoding.ts';
import { RegistryError } from './errors.ts';
import { foldName, type Project } from './project.ts';
import type { RegistryView } from './registry.ts';

/** How many near names an error suggests. */
const MAX_SUGGESTIONS = 3;

/**
 * The project that a reference means: an id, then a name without regard to case, then an absolute path, which
 * means the project whose `source_path` equals or most closely contains it.
 *
 * @throws {RegistryError} `project_not_found` with near names, `ambiguous_project` with the projects it matches
 */
export function findProject(view: RegistryView, reference: string): Project {
  const found =
    view.get(reference) ??
    view.get(reference.toLowerCase()) ??
    view.named(reference.trim()) ??
    containing(view, reference);
  if (found) return found;
  throw new RegistryError(
    'project_not_found',
    `cannot find project "${shorten(reference)}": nothing is registered under it`,
    {
      project: reference,
      suggestions: nearNames(view, reference),
    },
  );
}

/** The project that most closely contains an absolute path; undefined when none does. */
export function containing(view: RegistryView, path: string): Project | undefined {
  if (!path.startsWith('/')) return undefined;
  let place = normalizePath(path);
  for (;;) {
    const here = view.at(place);
    if (here.length > 1) {
      const names = here.map(({ name }) => `"${name}"`).join(', ');
      throw new RegistryError(
        'ambiguous_project',
        `cannot tell which project ${path} means: ${names} are registered there`,
        {
          projects: here.map(toWire),
          suggestions: here.map(({ name }) => name),
        },
      );
    }
    if (here[0]) return here[0];
    if (place === '/') return undefined;
    place = place.slice(0, place.lastIndexOf('/')) || '/';
  }
}

/**
 * An absolute POSIX path without `.`, `..`, doubled or trailing slashes, in the spelling it came in.
 * Links are not followed: the path is what the person wrote.
 */
export function normalizePath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function nearNames(view: RegistryView, reference: string): string[] {
  const wanted = foldName(reference.slice(reference.lastIndexOf('/') + 1)).slice(0, 255);
  const near: { name: string; far: number }[] = [];
  for (const { name } of view.projects()) {
    const folded = foldName(name);
    const far = wanted.length > 1 && folded.includes(wanted) ? 0.5 : distance(wanted, folded);
    if (far <= Math.max(2, wanted.length / 3)) near.push({ name, far });
  }
  return near
    .toSorted((a, b) => a.far - b.far)
    .slice(0, MAX_SUGGESTIONS)
    .map(({ name }) => name);
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
