/** The disks that are mounted in a codebase, of which some may not answer. */
import { realpath } from 'node:fs/promises';
import { mountPoints } from '../../../src/system/mount-table.ts';
import { answers } from '../disk-answer.ts';

/**
 * The places below a directory, relative to it, where a disk is mounted that does not answer. Whoever looked into one
 * would wait for ever.
 *
 * @param root a directory that answers
 */
export async function deadMountsBelow(root: string): Promise<ReadonlySet<string>> {
  const [points = [], real] = await Promise.all([mountPoints(), realpath(root).catch(() => root)]);
  const above = real === '/' ? real : `${real}/`;
  const dead = new Set<string>();
  for (const place of points) {
    if (place.startsWith(above) && !isBelowOneOf(dead, place.slice(above.length)) && !(await answers(place)))
      dead.add(place.slice(above.length));
  }
  return dead;
}

function isBelowOneOf(dead: ReadonlySet<string>, place: string): boolean {
  return [...dead].some((one) => place === one || place.startsWith(`${one}/`));
}
