/** A project as a model names it, for the daemon. */
import { lstat } from 'node:fs/promises';
import { z } from 'zod';
import { findHome } from '../../src/paths.ts';
import { isNowhere } from '../../src/system/errors.ts';
import { type Client, footingOf } from '../client.ts';
import { answers } from '../codebase/disk-answer.ts';

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

/** Whether a text is taken for a place, and so names no project. */
export function meansPlace(text: string): boolean {
  return text.includes('/') || text === '~' || text === '.' || text === '..';
}

/** A name or an id stays, as neither has a slash; what looks like a path becomes one. */
export function projectReference(text: string): string {
  return meansPlace(text) ? absolutePath(text) : text;
}

/** Whether there is nothing at a path; false for what may not be looked at, and of another machine. */
export async function leadsNowhere(client: Client, path: string): Promise<boolean> {
  // Nothing could end a look at a disk that does not answer.
  if (!footingOf(client).isHere() || !(await answers(path))) return false;
  return await lstat(path).then(() => false, isNowhere);
}
