/**
 * Training as pure changes of a draft. Who holds a lease is not known here: the record of a project says what was
 * last written down, and the leases themselves live with the connections.
 */
import { InvalidParamsError } from '../errors.ts';
import { MAX_DETAILS_BYTES } from '../limits.ts';
import { putChanged, update } from '../changes.ts';
import {
  type Before,
  blankTraining,
  type JsonObject,
  MAX_ATTEMPT,
  MAX_TOKEN,
  type Project,
  type Training,
  withoutLease,
} from '../project.ts';
import type { Draft } from '../draft.ts';
import type { RegistryView } from '../registry.ts';

/** What a project whose trainer vanished is told to have failed of. */
export const DISCONNECTED = 'trainer disconnected';
export const STALLED = 'stalled';
/** A project whose lease was lost this many times running is no longer handed out by `training.claim`. */
export const MAX_LOST_ATTEMPTS = 3;

export interface Holder {
  name?: string | undefined;
  pid?: number | undefined;
}

/** What a trainer reports. */
export interface Progress {
  progress?: number | undefined;
  phase?: string | undefined;
  message?: string | undefined;
  details?: JsonObject | undefined;
}

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

/**
 * Starts training.
 *
 * @param token must be greater than any this project has had
 * @param stallMs without a report for so long the lease is lost; milliseconds, default never
 */
export function begin(
  draft: Draft,
  project: Project,
  token: number,
  holder: Holder,
  now: string,
  stallMs?: number,
): Project {
  const before = isLeaseRecorded(project) ? beforeOf(project) : standing(project);
  const next: Project = {
    ...project,
    training_status: 'training',
    last_updated: now,
    retrain_requested: null,
    training: {
      ...blankTraining(),
      token,
      started_at: now,
      updated_at: now,
      holder: {
        ...(holder.name === undefined ? {} : { name: holder.name }),
        ...(holder.pid === undefined ? {} : { pid: holder.pid }),
      },
      attempt: Math.min((wasLost(before) ? before.attempt : 0) + 1, MAX_ATTEMPT),
      before,
      // For the next daemon: whoever resumes there is to be missed as soon as here.
      ...(stallMs === undefined ? {} : { stall_ms: stallMs }),
    },
  };
  draft.put(next);
  return next;
}

export interface Completion {
  file_count?: number | undefined;
  lora_adapter_path?: string | undefined;
  metadata?: JsonObject | undefined;
}

/** Training succeeded. */
export function complete(
  draft: Draft,
  id: string,
  live: Progress,
  results: Completion,
  now: string,
): Project {
  const updated = update(draft, id, results, now);
  const fields: Partial<Project> = { training_status: 'completed', last_trained: now };
  const next = ended(updated, live, now, fields, { progress: 1, attempt: 0 });
  draft.put(next, 'completed');
  return next;
}

/** Training failed, in the words of the trainer or of the daemon that lost it. */
export function fail(draft: Draft, project: Project, live: Progress, error: string, now: string): Project {
  const next = ended(project, live, now, { training_status: 'failed' }, { error });
  draft.put(next, 'failed');
  return next;
}

/** The trainer gives the project back as it was. */
export function release(draft: Draft, project: Project, now: string): Project {
  const next = released(project, now);
  draft.put(next, 'released');
  return next;
}

/** A project as releasing its lease leaves it. */
export function released(project: Project, now: string): Project {
  const { training_status, retrain_requested, error, attempt } = beforeOf(project);
  const blank = { phase: null, progress: null, message: null, details: null };
  return ended(project, {}, now, { training_status, retrain_requested }, { ...blank, error, attempt });
}

/** The `stall_ms` that a lease was begun with. */
export function stallOf({ training }: Project): number | undefined {
  return training?.stall_ms;
}

/** Asks the holder to stop. */
export function requestCancel(
  draft: Draft,
  project: Project,
  reason: string | undefined,
  now: string,
): Project {
  const training: Training = {
    ...(project.training ?? blankTraining()),
    cancel_requested: true,
    updated_at: now,
    ...(reason === undefined ? {} : { cancel_reason: reason }),
  };
  const next: Project = { ...project, last_updated: now, training };
  return putChanged(draft, project, next);
}

/** Writes down what the trainer last reported; done when the phase changes. */
export function notePhase(draft: Draft, id: string, live: Progress, now: string): Project | null {
  const project = draft.get(id);
  if (!project?.training) return null;
  const next: Project = { ...project, training: { ...project.training, ...reported(live), updated_at: now } };
  return putChanged(draft, project, next);
}

/** What a trainer can train. */
export interface Filter {
  readonly languages?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
}

/**
 * The project that has waited longest for training: those with a request first, then those never trained, then
 * those whose lease was lost fewer than {@link MAX_LOST_ATTEMPTS} times running.
 *
 * @param isFree whether nobody holds or is taking a lease on it
 */
export function nextWaiting(
  view: RegistryView,
  filter: Filter,
  isFree: (id: string) => boolean,
): Project | null {
  let best: Waiting | null = null;
  for (const project of view.projects()) {
    const waits = waiting(project);
    if (!waits || !isFree(project.project_id) || !fits(project, filter)) continue;
    if (!best || compare(waits, best) < 0) best = waits;
  }
  return best?.project ?? null;
}

/** All of them, those that have waited longest first. */
export function allWaiting(view: RegistryView, isFree: (id: string) => boolean): Project[] {
  const all: Waiting[] = [];
  for (const project of view.projects()) {
    const waits = waiting(project);
    if (waits && isFree(project.project_id)) all.push(waits);
  }
  return all.toSorted(compare).map(({ project }) => project);
}

export function fits(project: Project, { languages, tags }: Filter): boolean {
  if (languages && !languages.includes(project.language)) return false;
  return !tags || tags.some((tag) => project.tags.includes(tag));
}

interface Waiting {
  readonly project: Project;
  readonly rank: number;
  readonly since: string;
}

function compare(a: Waiting, b: Waiting): number {
  return a.rank - b.rank || (a.since < b.since ? -1 : a.since > b.since ? 1 : 0);
}

function waiting(project: Project): Waiting | null {
  if (project.training_status === 'training') return null;
  if (project.retrain_requested) return { project, rank: 0, since: project.retrain_requested.at };
  if (project.training_status === 'not_started') return { project, rank: 1, since: project.created_at };
  const standsAt = standing(project);
  if (wasLost(standsAt) && standsAt.attempt < MAX_LOST_ATTEMPTS) {
    return { project, rank: 2, since: project.last_updated };
  }
  return null;
}

/** Whether the last lease ended because its trainer vanished. */
function wasLost({ training_status, error }: Before): boolean {
  return training_status === 'failed' && (error === DISCONNECTED || error === STALLED);
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

/** @throws {InvalidParamsError} when the details are too long to be passed around */
export function checkDetails(details: JsonObject | undefined): void {
  if (details === undefined) return;
  const bytes = Buffer.byteLength(JSON.stringify(details));
  if (bytes <= MAX_DETAILS_BYTES) return;
  throw new InvalidParamsError([
    { path: 'details', message: `is ${bytes} bytes long and ${MAX_DETAILS_BYTES} are allowed` },
  ]);
}

/** The training record as it is in memory. */
export function withProgress(training: Training, live: Progress & { updated_at: string }): Training {
  return { ...training, ...reported(live), updated_at: live.updated_at };
}

/** A project whose lease is over. */
function ended(
  project: Project,
  live: Progress,
  now: string,
  fields: Partial<Project>,
  record: Partial<Training>,
): Project {
  return {
    ...project,
    ...fields,
    last_updated: now,
    training: {
      ...withoutLease(project.training ?? blankTraining()),
      ...reported(live),
      updated_at: now,
      error: null,
      ...record,
    },
  };
}

function reported({ progress, phase, message, details }: Progress): Partial<Training> {
  return {
    ...(progress === undefined ? {} : { progress }),
    ...(phase === undefined ? {} : { phase }),
    ...(message === undefined ? {} : { message }),
    ...(details === undefined ? {} : { details }),
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
