/** What is in a trash, and making it older than it is. */
import { readdir, writeFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { isDoomed, isKept, KEPT_MS } from '../../src/domain/values/trash-names.ts';

/** The names of what is kept or being deleted in a trash; none where there is no trash. */
export async function thrownAway(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.filter((name) => isKept(name) || isDoomed(name));
}

/** As if all that is there had been kept for so long; for the next daemon. Milliseconds; default as long as it is kept. */
export async function makeOlder(directory: string, ms = KEPT_MS): Promise<void> {
  const names = await thrownAway(directory);
  const kept = Object.fromEntries(names.map((name) => [name, [ms, ms]]));
  const text = JSON.stringify({ looked_at: Date.now(), uptime: uptime() * 1000, kept });
  await writeFile(join(directory, 'ages.json'), text);
}
