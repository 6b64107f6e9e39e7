/** Where disks are mounted. Client and daemon share this file. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html; other systems have nothing to read. */
const MOUNTS = '/proc/self/mountinfo';

/** The places where something is mounted, without links in them; undefined where the system does not tell. */
export async function mountPoints(): Promise<string[] | undefined> {
  const table = await readFile(MOUNTS, 'latin1').catch(() => undefined);
  return table === undefined ? undefined : placesIn(table);
}

/** The same at once. */
export function mountPointsNow(): string[] | undefined {
  try {
    return placesIn(readFileSync(MOUNTS, 'latin1'));
  } catch {
    return undefined;
  }
}

function placesIn(table: string): string[] {
  return table
    .split('\n')
    .map((line) => unescaped(line.split(' ')[4] ?? ''))
    .filter((place) => place !== '');
}

/** Spaces and the like stand in the table as `\\040`. */
function unescaped(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
