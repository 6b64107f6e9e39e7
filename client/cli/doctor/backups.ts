/** Whether the backups can be used, and whether one of them has projects that an edit of the file lost. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backup } from '../backups/backups.ts';
import { shortName } from '../backups/backups.ts';
import { type Diagnosis, ok, warning } from './finding.ts';
import { readStoredRegistry, storedName, type StoredRegistry } from '../backups/stored-registry.ts';
import { plural, printable, relativeTime, shellWord } from '../terminal/text.ts';

export interface Dropped {
  readonly project_id: string;
  readonly name: string;
  /** The newest that has it. */
  readonly backup: string;
}

/** What the file held before somebody edited it, while a daemon was looking or while none ran. */
const BEFORE_EDITS = new Set(['edit', 'fault', 'last-good']);
/** An edit is asked about for so long, in milliseconds. */
const RECENT_MS = 7 * 86_400_000;
/** Projects named in a message. */
const MAX_NAMED = 5;

/**
 * The projects that an edit of the file has recently taken out. Their own directories are still there: a removal by
 * the registry takes those along.
 *
 * @param isThere whether the registry has a project
 */
export async function findDropped(
  dataDir: string,
  backups: readonly Backup[],
  isThere: (id: string) => boolean,
  now: number,
): Promise<Dropped[]> {
  const dropped = new Map<string, Dropped>();
  for (const { name, reason, created_at: at } of backups) {
    if (!BEFORE_EDITS.has(reason) || now - Date.parse(at) > RECENT_MS) continue;
    const { projects } = await readBackup(join(dataDir, 'backups', name));
    for (const [id, project] of projects) {
      if (isThere(id) || dropped.has(id) || !(await isDirectory(join(dataDir, 'projects', id)))) continue;
      dropped.set(id, { project_id: id, name: storedName(id, project), backup: name });
    }
  }
  return [...dropped.values()];
}

export function backupFindings(
  backups: readonly Backup[],
  dropped: readonly Dropped[],
  now: number,
): Diagnosis[] {
  const unreadable = backups.filter(
    ({ project_count: count, reason }) => count === null && reason !== 'corrupt',
  );
  const findings = unreadable.map(({ name }) =>
    warning('backups.unreadable', `backup ${printable(name)} cannot be read as a registry`),
  );
  for (const backup of new Set(dropped.map((project) => project.backup))) {
    const lost = dropped.filter((project) => project.backup === backup);
    const names = lost.slice(0, MAX_NAMED).map(({ name }) => printable(name));
    if (lost.length > MAX_NAMED) names.push('…');
    const at = backups.find(({ name }) => name === backup)?.created_at ?? '';
    const flags = lost.map(({ name }) => `--project ${shellWord(name)}`).join(' ');
    findings.push(
      warning(
        'backups.dropped',
        `an edit of the file took out ${plural(lost.length, 'project')} that it had ${relativeTime(at, now)}: ${names.join(', ')}`,
        `if that was not meant: gardener restore ${shortName(backup)} ${flags}`,
      ),
    );
  }
  if (findings.length > 0) return findings;
  const [newest] = backups;
  return [
    ok(
      'backups',
      newest
        ? `${plural(backups.length, 'backup')}, the newest ${relativeTime(newest.created_at, now)}`
        : 'no backups yet',
    ),
  ];
}

/** One that cannot be read has nothing to bring back; that is told elsewhere. */
async function readBackup(path: string): Promise<Pick<StoredRegistry, 'projects'>> {
  try {
    return await readStoredRegistry(path);
  } catch {
    return { projects: new Map() };
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined);
  return status?.isDirectory() ?? false;
}
