/**
 * The copy that an earlier daemon left. What somebody did to the file while no daemon ran is taken as it is, and then this
 * copy may be all that is left of the content before: it becomes a backup before it is written over.
 */
import { LAST_GOOD } from '../backup-names.ts';
import type { Registry } from '../domain/registry.ts';
import type { Backups } from './backups.ts';
import { decodeRegistry } from './codec.ts';
import { hasMoreThan } from './difference.ts';

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
