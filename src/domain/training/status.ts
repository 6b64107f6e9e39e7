/** The training status, where it is changed without a lease. */
import { findCurrent, putChanged } from '../changes.ts';
import type { Draft } from '../draft.ts';
import { InvalidParamsError } from '../errors.ts';
import { findProject } from '../places/references.ts';
import { blankTraining, type Project, type TrainingStatus, withoutLease } from '../project.ts';
import { type InService, inServiceOf } from './history.ts';
import { isLeaseRecorded } from './record.ts';

/**
 * Sets the training status without a lease, as the Python module does.
 *
 * @param error kept in `training.error`; only with `failed`
 */
export function setStatus(
  draft: Draft,
  reference: string,
  status: TrainingStatus,
  now: string,
  options: { error?: string | undefined; ifEtag?: string | undefined } = {},
): Project {
  const project = findCurrent(draft, reference, options.ifEtag);
  if (options.error !== undefined && status !== 'failed') {
    throw new InvalidParamsError([{ path: 'error', message: 'goes with status "failed" only' }]);
  }
  const next: Project = { ...project, training_status: status, last_updated: now };
  if (status === 'completed') next.last_trained = now;
  // Whoever trains or has trained it has met the request.
  if (status === 'training' || status === 'completed') next.retrain_requested = null;
  const error = options.error ?? null;
  const isEnd = isLeaseRecorded(project) && (status === 'completed' || status === 'failed');
  const outcome = isEnd ? status : undefined;
  if (project.training || error !== null) {
    const training = project.training ?? blankTraining();
    // A record with a holder is a lease. It goes on where its holder says so, and whatever else the status is ends it.
    const goesOn = status === 'training' && training.holder !== null;
    next.training = {
      ...(goesOn ? training : withoutLease(training)),
      error,
      updated_at: now,
      ...(outcome && { outcome }),
    };
  }
  return putChanged(draft, project, next, outcome);
}

/** Marks a project as waiting for training; the same request again keeps its place among those that wait. */
export function retrain(draft: Draft, reference: string, now: string, reason: string | null = null): Project {
  const project = findProject(draft, reference);
  const waiting = project.retrain_requested;
  return putChanged(draft, project, {
    ...project,
    training_status: 'not_started',
    last_updated: now,
    retrain_requested: waiting?.reason === reason ? waiting : { at: now, reason },
  });
}

/** Takes back into service what a training made earlier; its status, and whoever trains now, are not touched. */
export function promote(draft: Draft, id: string, earlier: InService, now: string): Project {
  const project = findProject(draft, id);
  return putChanged(draft, project, { ...project, ...inServiceOf(earlier), last_updated: now });
}
