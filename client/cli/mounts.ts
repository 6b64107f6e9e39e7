/** The disks that are mounted in a codebase, of which some may not answer. */
import { readFile, realpath } from 'node:fs/promises';
import { answers } from './disk-answer.ts';

/** https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html; other systems have nothing to read. */
const MOUNTS = '/proc/self/mountinfo';

/**
 * The places below a directory, relative to it, where a disk is mounted that does not answer. Whoever looked into one
 * would wait for ever.
 *
 * @param root a directory that answers
 */
export async function deadMountsBelow(root: string): Promise<ReadonlySet<string>> {
  const [table, real] = await Promise.all([
    readFile(MOUNTS, 'utf8').catch(() => ''),
    realpath(root).catch(() => root),
  ]);
  const above = real === '/' ? real : `${real}/`;
  const dead = new Set<string>();
  for (const line of table.split('\n')) {
    const place = unescaped(line.split(' ')[4] ?? '');
    if (place.startsWith(above) && !isBelowOneOf(dead, place.slice(above.length)) && !(await answers(place)))
      dead.add(place.slice(above.length));
  }
  return dead;
}

function isBelowOneOf(dead: ReadonlySet<string>, place: string): boolean {
  return [...dead].some((one) => place === one || place.startsWith(`${one}/`));
}

/** Spaces and the like stand in the table as `\\040`. */
function unescaped(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return bytes === text ? text : Buffer.from(bytes, 'latin1').toString('utf8');
}
