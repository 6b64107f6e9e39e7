/**
 * The copy that an earlier daemon left. What somebody did to the file while no daemon ran is taken as it is, and then this
 * copy may be all that is left of the content before: it becomes a backup before it is written over. Only of leases it
 * knows more than the file: those go on, whatever was written.
 */
import { LAST_GOOD } from '../../domain/backup-names.ts';
import { Registry } from '../../domain/registry.ts';
import { takeUpLease } from '../../domain/training/succession.ts';
import { isLeaseRecorded } from '../../domain/training/record.ts';
import { previousOf, type Succession } from '../state.ts';
import { decodeRegistry } from '../format/decode.ts';
import { requireReadable } from '../format/stored-project.ts';
import type { Parts } from '../parts.ts';

/**
 * Makes a backup of the copy, where that has what the content that is to take its place lacks.
 *
 * @param bytes what is to take its place: the committed content
 * @param readAt the time that stands in that wherever its file says none; ISO 8601
 * @returns whether the copy says the same, and need not even be written over
 * @throws system errors, after which the copy must not be written over
 */
export async function keepInherited(
  { backups, state, log, now }: Parts,
  bytes: Buffer,
  readAt: string,
): Promise<boolean> {
  const copied = await backups.read(LAST_GOOD);
  if (copied === null || copied.equals(bytes)) return copied !== null;
  const earlier = decodeRegistry(copied, now(), { mend: true });
  if (earlier.ok && !earlier.newer && !hasMoreThan(earlier.registry, state.registry, readAt)) return false;
  // Of one that cannot be read nobody can tell what it has; nor of one of a newer version.
  const backup = await backups.keep(copied, earlier.ok ? 'edit' : 'corrupt', now());
  log.warn({ backup }, 'the registry file lacks what the copy of it had');
  return false;
}

/**
 * The content of the file with the leases and tokens that the copy knows of, and the project that was active before
 * where only the copy knows it.
 *
 * @param bytes the file
 * @param registry the same
 * @returns null where there is nothing to compare with, or that cannot be read
 */
export async function withInheritedLeases(
  { backups, log }: Parts,
  bytes: Buffer,
  registry: Registry,
  now: string,
): Promise<Succession | null> {
  try {
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
    const { active, version, extra, previous } = registry;
    const before = previousOf(copy.registry, registry);
    return { registry: new Registry(projects, active, version, extra, before, previous), leasesDiffer };
  } catch (error) {
    log.error({ err: error }, 'cannot find out which trainings went on as the last daemon ended');
    return null;
  }
}

/**
 * Whether a content has anything that a later one lacks: a project, a value, a field that nobody here knows, an order.
 * What was only added since is nothing to keep the earlier one for.
 *
 * @param assumed the time that stands in the later one wherever its file says none; ISO 8601
 */
function hasMoreThan(earlier: Registry, later: Registry, assumed: string): boolean {
  const kept = Array.from(later.projects()).filter(({ project_id: id }) => earlier.get(id));
  return (
    earlier.active !== later.active ||
    JSON.stringify(earlier.extra) !== JSON.stringify(later.extra) ||
    earlier.size !== kept.length ||
    Array.from(earlier.projects()).some((project, n) => {
      const text = JSON.stringify(kept[n]);
      return withTime(JSON.stringify(project), assumed, text) !== text;
    })
  );
}

/** A text with a time wherever another text has it. Times are all of one length. */
function withTime(text: string, time: string, other: string): string {
  let result = text;
  for (let at = other.indexOf(time); at >= 0; at = other.indexOf(time, at + time.length))
    result = result.slice(0, at) + time + result.slice(at + time.length);
  return result;
}
