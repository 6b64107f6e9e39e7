/** How a caller names a project: by id, by name or by a path in it. */
import { distance } from 'fastest-levenshtein';
import { toWire } from '../encoding.ts';
import { RegistryError } from '../errors.ts';
import { isRefusal } from '../values/refusal.ts';
import type { Project } from '../project.ts';
import type { RegistryView } from '../registry.ts';
import { foldName, MAX_NAME_LENGTH } from '../values/names.ts';
import { cutText } from '../values/text.ts';

/** How many near names an error suggests. */
const MAX_SUGGESTIONS = 3;
/** A name with more letters wrong is another one, however long it is. */
const MAX_MISTAKES = 8;
/** Nobody types a longer one, and comparing long names with thousands of others takes long. */
const MAX_MISTYPED = 64;

/**
 * The project that a reference means: an id, then a name without regard to case, then an absolute path, which
 * means the project whose `source_path` equals or most closely contains it.
 *
 * @param suggest names to try instead; default near ones
 * @throws {RegistryError} `project_not_found` with these, `ambiguous_project` with the projects it matches
 */
export function findProject(view: RegistryView, reference: string, suggest = nearNames): Project {
  const found = named(view, reference) ?? containing(view, reference);
  if (found) return found;
  throw notFound(reference, unfound(reference), suggest(view, reference));
}

/** The same; undefined where the change that looks again will say what is wrong. */
export function tryToFind(view: RegistryView, reference: string): Project | undefined {
  try {
    return findProject(view, reference);
  } catch (error) {
    if (isRefusal(error, 'project_not_found', 'ambiguous_project')) return undefined;
    throw error;
  }
}

/**
 * As {@link findProject}, but for a path, which has to be the project's own: what lies in a project must not take all of it away.
 *
 * @throws {RegistryError} `project_not_found` with near names, `ambiguous_project` with the projects it matches
 */
export function findNamed(view: RegistryView, reference: string): Project {
  const found = findProject(view, reference);
  if (!reference.startsWith('/') || found.source_path === normalizePath(reference)) return found;
  throw notFound(reference, `it is not the directory of "${found.name}" but in it`, [found.name]);
}

function named(view: RegistryView, reference: string): Project | undefined {
  return view.get(reference) ?? view.get(reference.toLowerCase()) ?? view.named(reference.trim());
}

function notFound(reference: string, why: string, suggestions: readonly string[]): RegistryError {
  const message = `cannot find project "${shorten(reference)}": ${why}`;
  return new RegistryError('project_not_found', message, { project: reference, suggestions });
}

function unfound(reference: string): string {
  if (reference.startsWith('/')) return 'no project contains it';
  // No name has a slash in it.
  return reference.includes('/') ? 'a path has to be absolute' : 'no project has this name or id';
}

/** The project that most closely contains an absolute path; undefined when none does. */
export function containing(view: RegistryView, path: string): Project | undefined {
  if (!path.startsWith('/')) return undefined;
  const [project, ...others] = view.around(normalizePath(path));
  if (project && others.length > 0) throw ambiguous(path, [project, ...others]);
  return project;
}

/** The projects of the nearest directory that has any, and how many directories above the path that is. */
export interface Closest {
  readonly distance: number;
  readonly projects: readonly Project[];
}

/** The nearest directory at or above a path that has projects in the registry; undefined when none has. */
export function closestIn(view: RegistryView, path: string): Closest | undefined {
  const whole = normalizePath(path);
  const projects = view.around(whole);
  const [nearest] = projects;
  return nearest && { distance: depthOf(whole) - depthOf(nearest.source_path), projects };
}

/**
 * The same for projects that are found in another way.
 *
 * @param path normal and absolute
 * @param at the projects of exactly this directory
 */
export function closest(path: string, at: (place: string) => readonly Project[]): Closest | undefined {
  let place = path;
  for (let distance = 0; ; distance += 1) {
    const projects = at(place);
    if (projects.length > 0) return { distance, projects };
    if (place === '/') return undefined;
    place = place.slice(0, place.lastIndexOf('/')) || '/';
  }
}

/** How many directories a normal path lies below the root. */
export function depthOf(path: string): number {
  return path === '/' ? 0 : path.split('/').length - 1;
}

/** The refusal of a path that several projects are registered for. */
export function ambiguous(path: string, projects: readonly Project[]): RegistryError {
  const suggestions = projects.map(({ name }) => name);
  const names = suggestions.map((name) => `"${name}"`).join(', ');
  const message = `cannot tell which project ${path} means: ${names} are registered there`;
  return new RegistryError('ambiguous_project', message, { projects: projects.map(toWire), suggestions });
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
  const wanted = foldName(reference.slice(reference.lastIndexOf('/') + 1)).slice(0, MAX_NAME_LENGTH);
  // With two letters wrong, what has no more is another word.
  const limit = wanted.length > 2 ? Math.min(MAX_MISTAKES, Math.max(2, wanted.length / 3)) : 0;
  const near: { name: string; far: number }[] = [];
  for (const { name } of view.projects()) {
    const folded = foldName(name);
    if (wanted.length > 1 && folded.includes(wanted)) near.push({ name, far: 0.5 });
    // Names of other lengths are that far at least, and there are thousands of them.
    else if (wanted.length <= MAX_MISTYPED && Math.abs(folded.length - wanted.length) <= limit) {
      const far = distance(wanted, folded);
      if (far <= limit) near.push({ name, far });
    }
  }
  return near
    .toSorted((a, b) => a.far - b.far)
    .slice(0, MAX_SUGGESTIONS)
    .map(({ name }) => name);
}

function shorten(text: string): string {
  return text.length > 80 ? `${cutText(text, 79)}…` : text;
}
