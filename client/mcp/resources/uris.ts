/** Where a resource is, and what is meant by where somebody says that one is. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { foldName } from '../../../src/domain/values/names.ts';

export const PROJECTS = 'gardener://projects';
export const ACTIVE = 'gardener://active';
export const PROJECT = `${PROJECTS}/{name}`;

export function projectUri({ name, project_id }: Pick<WireProject, 'name' | 'project_id'>): string {
  // A path loses these, also where they are escaped.
  return uriOf(name === '.' || name === '..' ? project_id : name);
}

/** The project that a part of a path names, escaped or not: `my%20app`, `my app`, an id. */
export function referenceIn(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Its percent signs stand for themselves.
    return part;
  }
}

/** The same text for all the ways to write one; undefined for what is none of ours. */
export function resourceOf(uri: string): string | undefined {
  if (uri === PROJECTS || uri === ACTIVE) return uri;
  const part = uri.startsWith(`${PROJECTS}/`) ? uri.slice(PROJECTS.length + 1) : '';
  return part === '' || part.includes('/') ? undefined : projectResource(referenceIn(part));
}

/** The resource of a project, by its name or its id. */
export function projectResource(reference: string): string {
  return uriOf(foldName(reference));
}

function uriOf(text: string): string {
  return `${PROJECTS}/${encodeURIComponent(text.toWellFormed())}`;
}
