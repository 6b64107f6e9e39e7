/**
 * What becomes of a project when another content of the registry takes the place of this one: an edit of the file, what
 * a program wrote that knows less than this one, a backup. A content says what was once; who trains now is known here.
 */
import { type Before, blankTraining, MAX_BROUGHT_TOKEN, type Project, type Training } from '../project.ts';
import { beforeOf, isLeaseRecorded, standing } from './record.ts';
import { released } from './training.ts';

/** Whether somebody holds a lease on a project. */
export type IsTraining = (id: string) => boolean;

/** What its holder, the next daemon and whoever waits for the project need of a lease. */
const NEEDED = [
  'token',
  'holder',
  'started_at',
  'cancel_requested',
  'cancel_reason',
  'attempt',
  'before',
  'stall_ms',
  'source',
  'slot',
] as const satisfies readonly (keyof Training)[];

/**
 * A project as another content has it, with what must not go back.
 *
 * A lease that is live stays as it is: no content can end it but one without the project. A lease that only the content
 * knows is over. And a token that was given out is never given again.
 *
 * @param here the project until now; undefined where there was none
 */
export function succeedProject(here: Project | undefined, there: Project, isTraining: boolean): Project {
  if (here && isTraining && isLeaseRecorded(here)) return keepLease(here, there);
  return keepToken(here, isLeaseRecorded(there) ? endLease(here, there) : there);
}

/**
 * A project as its file has it when nobody holds leases yet, with what was last known of its lease: an earlier state, or a
 * program that knows nothing of leases, may have taken the place of what was written.
 *
 * @param copy what was known; undefined for nothing
 */
export function takeUpLease(copy: Project | undefined, there: Project): Project {
  const lease = copy?.training;
  if (!lease) return there;
  const said = there.training;
  // Written since then: by this program, which knows more than the copy, or with a token that somebody has put there.
  if (said && said.token > lease.token && said.token <= MAX_BROUGHT_TOKEN) return there;
  const isHeld = isLeaseRecorded(copy);
  const isKnown = isHeld && said?.token === lease.token;
  if (isKnown && said.holder === null) return there;
  // A lease never moves to another slot, whatever somebody has written.
  if (isKnown && isLeaseRecorded(there))
    return said.slot === lease.slot ? there : { ...there, training: { ...said, slot: lease.slot } };
  return succeedProject(copy, there, isHeld);
}

/** Whether a change is one of the lease on a project, and not only of what is reported under it. */
export function changesLease(before: Project | undefined, after: Project | undefined): boolean {
  if (!after || !(isLeaseRecorded(after) || (before && isLeaseRecorded(before)))) return false;
  const [was, is] = [before?.training, after.training];
  return NEEDED.some((field) => JSON.stringify(was?.[field]) !== JSON.stringify(is?.[field]));
}

/** The project is being trained, whatever the content says; its status there is what releasing it puts back. */
function keepLease(here: Project, there: Project): Project {
  const lease = here.training as Training;
  const same = isLeaseRecorded(there) && there.training?.token === lease.token;
  const kept: Record<string, unknown> = { ...(same ? there.training : lease) };
  const before = same ? lease.before : standingIn(there, here);
  const request = there.retrain_requested;
  // Put there by hand while the project is being trained: that training does not meet it.
  const needed: Training = {
    ...lease,
    before: same && request ? { ...beforeOf(here), retrain_requested: request } : before,
  };
  for (const field of [...NEEDED, 'phases'] as const) kept[field] = needed[field];
  return { ...there, training_status: 'training', retrain_requested: null, training: kept as Training };
}

/** How a content that knows nothing of a lease, or of another one, says that the project stands without it. */
function standingIn(there: Project, here: Project): Before {
  const before = beforeOf(here);
  if (isLeaseRecorded(there)) return beforeOf(there);
  // Read while the project was being trained, by a program that writes everything back.
  if (there.training_status === 'training') return before;
  const { training_status, retrain_requested, error, attempt } = standing(there);
  const other = there.training && there.training.token !== here.training?.token;
  const said = other ? { error, attempt } : training_status === before.training_status ? before : BLANK;
  return {
    training_status,
    retrain_requested: retrain_requested ?? before.retrain_requested,
    error: said.error,
    attempt: said.attempt,
  };
}

const BLANK = { error: null, attempt: 0 };

/** A lease that nobody holds: the copy of another machine, a backup from during a training. */
function endLease(here: Project | undefined, there: Project): Project {
  const [now, then] = [here?.training, there.training];
  // One that has ended here since: how it ended is known.
  if (here && now?.token === then?.token && now?.started_at === then?.started_at && !isLeaseRecorded(here)) {
    const { training_status, training, last_trained, retrain_requested } = here;
    return { ...there, training_status, training, last_trained, retrain_requested };
  }
  return released(there, there.last_updated);
}

/** A token does not go back, nor up to where the next ones would have to. */
function keepToken(here: Project | undefined, there: Project): Project {
  const token = here?.training?.token ?? 0;
  const said = there.training?.token ?? 0;
  if (token === said || (token < said && said <= MAX_BROUGHT_TOKEN)) return there;
  return { ...there, training: { ...(there.training ?? blankTraining()), token } };
}
