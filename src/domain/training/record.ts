/**
 * What the record of a project says of its lease. Who holds one is not known here: the record says what was last written
 * down, and the leases themselves live with the connections.
 */
import { type Before, MAX_TOKEN, type Project } from '../project.ts';

/** What a project whose trainer vanished is told to have failed of. */
export const DISCONNECTED = 'trainer disconnected';
export const STALLED = 'stalled';

/** Whether the record says that somebody held a lease when it was written. */
export function isLeaseRecorded(project: Project): boolean {
  return project.training_status === 'training' && project.training?.holder != null;
}

/**
 * The token of a new lease: greater than any before it of the project. A file that somebody has replaced, or a backup,
 * may not know those; the clock does, in milliseconds: a lease takes longer to begin and to end, so that tokens never get
 * ahead of it, however quickly leases follow one another.
 *
 * @param known the greatest that are known, of whatever source; one that none can follow is somebody's slip and does not
 *   count, as a project that nobody can train would be worse
 */
export function nextToken(now: string, ...known: readonly number[]): number {
  return Math.max(Math.max(0, ...known.filter(canBeFollowed)) + 1, Date.parse(now));
}

/** Whether there is room for another token after this one. */
export function canBeFollowed(token: number): boolean {
  return token < MAX_TOKEN;
}

/** How a project stands that is under no lease. */
export function standing({ training_status, retrain_requested, training }: Project): Before {
  return {
    training_status,
    retrain_requested,
    error: training?.error ?? null,
    attempt: training?.attempt ?? 0,
  };
}

/** What releasing the lease of a project puts back. */
export function beforeOf(project: Project): Before {
  const before: Partial<Before> | undefined = project.training?.before;
  return {
    training_status: before?.training_status ?? 'not_started',
    retrain_requested: before?.retrain_requested ?? null,
    error: before?.error ?? null,
    attempt: before?.attempt ?? 0,
  };
}

/** Whether the last lease ended because its trainer vanished. */
export function wasLost({ training_status, error }: Before): boolean {
  return training_status === 'failed' && (error === DISCONNECTED || error === STALLED);
}
