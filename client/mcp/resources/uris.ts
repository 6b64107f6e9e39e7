/** Where a resource is, and what is meant by where somebody says that one is. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { foldName, MAX_NAME_LENGTH } from '../../../src/domain/values/names.ts';

export const PROJECTS = 'gardener://projects';
export const ACTIVE = 'gardener://active';
export const PROJECT = `${PROJECTS}/{name}`;

/** No name is longer, however it is composed. UTF-16 units. */
const MAX_REFERENCE = 8 * MAX_NAME_LENGTH;

type Named = Pick<WireProject, 'name' | 'project_id'>;

export function projectUri(project: Named): string {
  return uriOf(addressed(project));
}

/** What stands for a project in its address: its name, where that has one. */
export function addressed({ name, project_id }: Named): string {
  // A path loses these, also where they are escaped.
  return name === '.' || name === '..' ? project_id : name;
}

/**
 * The name or the id of a project in its address, escaped or not: `my%20app`, `my app`; undefined where there is none. A path
 * is none: which project that means changes with others.
 */
export function referenceIn(uri: string): string | undefined {
  const reference = uri.startsWith(`${PROJECTS}/`) ? unescaped(uri.slice(PROJECTS.length + 1)) : '';
  const isNone = reference === '' || reference.includes('/') || reference.length > MAX_REFERENCE;
  return isNone ? undefined : reference;
}

/** The same text for all the ways to write one; undefined for what is none of ours. */
export function resourceOf(uri: string): string | undefined {
  if (uri === PROJECTS || uri === ACTIVE) return uri;
  const reference = referenceIn(uri);
  return reference === undefined ? undefined : projectResource(reference);
}

/** The resource of a project, by its name or its id, as the registry takes them. */
export function projectResource(reference: string): string {
  return uriOf(foldName(reference.trim()));
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Its percent signs stand for themselves.
    return part;
  }
}

function uriOf(text: string): string {
  return `${PROJECTS}/${encodeURIComponent(text.toWellFormed())}`;
}
