/** What the trash holds: how much that is, until when, and how to be rid of it now. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDoomed, isKept, KEPT_MS, movedAt } from '../../../src/domain/values/trash-names.ts';
import { type Paths, trashWithin } from '../../../src/paths.ts';
import { answers } from '../../codebase/disk-answer.ts';
import { byteSize, duration, shellWord } from '../terminal/text.ts';
import { type Diagnosis, ok } from './finding.ts';

/** For so long files are counted; of more it is said that it is more. Milliseconds. */
const COUNTING_MS = 2_000;

/** Nothing is said of an empty one. */
export async function checkTrash(
  { trashDir, projectsDir }: Paths,
  now: number,
  short: (path: string) => string,
): Promise<Diagnosis[]> {
  // The disk of the other one may be dead, and a doctor must not hang with the patient.
  const places = [trashDir, ...((await answers(projectsDir)) ? [trashWithin(projectsDir)] : [])];
  const names: string[] = [];
  const used: string[] = [];
  const size = { bytes: 0, until: performance.now() + COUNTING_MS };
  for (const place of places) {
    const here = (await namesIn(place)).filter((name) => isKept(name) || isDoomed(name));
    if (here.length === 0) continue;
    used.push(place);
    names.push(...here);
    for (const name of here) await measure(join(place, name), size);
  }
  if (names.length === 0) return [];
  const times = names.flatMap((name) => movedAt(name) ?? []);
  const left = Math.min(...times) + KEPT_MS - now;
  const oldest = times.length > 0 && left > 0 ? `, the oldest for ${duration(left / 1000)} yet` : '';
  const more = performance.now() > size.until ? 'more than ' : '';
  const where = `${more}${byteSize(size.bytes)} in ${used.map(short).join(' and ')}`;
  const rid = `to be rid of it now: rm -r ${used.map(shellWord).join(' ')}`;
  return [ok('trash', `what was removed is kept for seven days${oldest}: ${where}; ${rid}`)];
}

/** What it takes on the disk, links not followed. */
async function measure(path: string, size: { bytes: number; readonly until: number }): Promise<void> {
  if (performance.now() > size.until) return;
  const status = await lstat(path).catch(() => undefined);
  if (!status) return;
  size.bytes += status.blocks * 512;
  if (!status.isDirectory()) return;
  for (const name of await namesIn(path)) await measure(join(path, name), size);
}

async function namesIn(directory: string): Promise<string[]> {
  return await readdir(directory).catch(() => []);
}
