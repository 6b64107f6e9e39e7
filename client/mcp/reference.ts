/** A project as a model names it, for the daemon. */
import { z } from 'zod';
import { findHome } from '../../src/paths.ts';

/** What a tool takes for one. */
export const projectInput = z.string().describe('name, id or absolute path');

/**
 * A path as the daemon takes it.
 *
 * @throws {Error} for a relative one: where the model works is not known here
 */
export function absolutePath(text: string): string {
  const path = text === '~' || text.startsWith('~/') ? `${findHome() ?? ''}${text.slice(1)}` : text;
  if (path.startsWith('/')) return path;
  throw new Error(`cannot tell which directory "${text}" is: give its absolute path`);
}

/** A name or an id stays, as neither has a slash; what looks like a path becomes one. */
export function projectReference(text: string): string {
  const isPath = text.includes('/') || text === '~' || text === '.' || text === '..';
  return isPath ? absolutePath(text) : text;
}
