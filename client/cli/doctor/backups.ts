/** Whether the backups can be used, and whether one of them has projects that an edit of the file lost. */
import { join } from 'node:path';
import type { Client } from '../../client.ts';
import { RpcError } from '../../errors.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import { type Backup, shortName } from '../backups/backups.ts';
import { isDirectory } from '../../codebase/look.ts';
import { type Diagnosis, ok, warning } from './finding.ts';
import { plural, printable, relativeTime, shellWord } from '../terminal/text.ts';

export interface Dropped {
  readonly project_id: string;
  readonly name: string;
  /** The newest that has it. */
  readonly backup: string;
}

/** What the file held before somebody edited it, while a daemon was looking or while none ran. */
const BEFORE_EDITS = new Set(['edit', 'fault', 'last-good']);
/** What it held before an operation of the registry, of which `gardener undo` knows. */
const BEFORE_OPERATIONS = new Set(['remove', 'repair', 'restore', 'before-import']);
/** An edit is asked about for so long, in milliseconds. */
const RECENT_MS = 7 * 86_400_000;
/** Projects named in a message. */
const MAX_NAMED = 5;

/**
 * The projects that an edit of the file has recently taken out: the newest backup that has one was made for an edit, not
 * for an operation, which may have left their own directories, too. Those that have none have nothing to lose.
 *
 * @param known ids of projects that are not to be looked for
 */
export async function findDropped(
  client: Client,
  dataDir: string,
  backups: readonly Backup[],
  known: ReadonlySet<string>,
  now: number,
): Promise<Dropped[]> {
  const dropped = new Map<string, Dropped>();
  const meant = new Set(known);
  for (const { name, reason, created_at: at, project_count: count } of backups) {
    const isEdit = BEFORE_EDITS.has(reason);
    if (!(isEdit || BEFORE_OPERATIONS.has(reason)) || now - Date.parse(at) > RECENT_MS || count === null)
      continue;
    for (const project of await absent(client, name)) {
      const { project_id: id } = project;
      if (!isEdit && !dropped.has(id)) meant.add(id);
      if (meant.has(id) || dropped.has(id) || !(await isDirectory(join(dataDir, 'projects', id)))) continue;
      dropped.set(id, { ...project, backup: name });
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

/** One that cannot be restored now has nothing to bring back; why is told elsewhere. */
async function absent(client: Client, name: string): Promise<readonly Omit<Dropped, 'backup'>[]> {
  try {
    return (await client.registry.restore({ name, dry_run: true })).effect.comes_back;
  } catch (error) {
    if (error instanceof RegistryError || error instanceof RpcError) return [];
    throw error;
  }
}
