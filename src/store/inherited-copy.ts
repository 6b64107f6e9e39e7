/**
 * The copy that an earlier daemon left. What somebody did to the file while no daemon ran is taken as it is, and then this
 * copy may be all that is left of the content before: it becomes a backup before it is written over. Only of leases it
 * knows more than the file: those go on, whatever was written.
 */
import { LAST_GOOD } from '../domain/backup-names.ts';
import { Registry } from '../domain/registry.ts';
import { takeUpLease } from '../domain/training/succession.ts';
import { isLeaseRecorded } from '../domain/training/training.ts';
import type { Backups } from './backups/backups.ts';
import { decodeRegistry } from './format/decode.ts';
import { hasMoreThan, type Succession } from './difference.ts';
import { requireReadable } from './format/stored-project.ts';

export interface Successor {
  readonly registry: Registry;
  /** The same as it will be written. */
  readonly bytes: Buffer;
  /** The time that stands in it wherever its file says none; ISO 8601. */
  readonly readAt: string;
}

/**
 * Makes a backup of the copy, where that has what the content that is to take its place lacks.
 *
 * @returns the backup; `same` when the copy need not even be written over; null when there was nothing to keep
 * @throws system errors, after which the copy must not be written over
 */
export async function keepInherited(
  backups: Backups,
  successor: Successor,
  now: string,
): Promise<{ readonly same: true } | { readonly backup: string } | null> {
  const bytes = await backups.read(LAST_GOOD);
  if (bytes === null) return null;
  if (bytes.equals(successor.bytes)) return { same: true };
  const earlier = decodeRegistry(bytes, now, { mend: true });
  // Of one that cannot be read nobody can tell what it has; nor of one of a newer version.
  if (!earlier.ok) return { backup: await backups.keep(bytes, 'corrupt', now) };
  if (!earlier.newer && !hasMoreThan(earlier.registry, successor.registry, successor.readAt)) return null;
  return { backup: await backups.keep(bytes, 'edit', now) };
}

/**
 * The content of the file with the leases and tokens that the copy knows of.
 *
 * @param bytes the file
 * @param registry the same
 * @returns null where there is nothing to compare with
 * @throws system errors; {@link InvalidParamsError} when what comes of the two could not be read again
 */
export async function withInheritedLeases(
  backups: Backups,
  bytes: Buffer,
  registry: Registry,
  now: string,
): Promise<Succession | null> {
  const copied = await backups.read(LAST_GOOD);
  if (copied === null || copied.equals(bytes)) return null;
  const copy = decodeRegistry(copied, now, { mend: true });
  if (!copy.ok || copy.newer) return null;
  let leasesDiffer = false;
  const projects = Array.from(registry.projects(), (project) => {
    const id = project.project_id;
    const after = takeUpLease(copy.registry.get(id), project);
    if (after === project) return project;
    requireReadable([{ id, after }]);
    leasesDiffer ||= isLeaseRecorded(project) || isLeaseRecorded(after);
    return after;
  });
  return {
    registry: new Registry(projects, registry.active, registry.version, registry.extra),
    leasesDiffer,
  };
}
