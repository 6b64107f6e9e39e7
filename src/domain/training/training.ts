/** Training as pure changes of a draft: how it begins, what is written down of it, and how it ends. */
import { MAX_DETAILS_BYTES } from '../limits.ts';
import { checkedLength, putChanged, update } from '../changes.ts';
import {
  blankTraining,
  type Holder,
  type JsonObject,
  MAX_ATTEMPT,
  MAX_PHASES,
  type Outcome,
  type Project,
  type Source,
  type Training,
  withoutLease,
} from '../project.ts';
import type { Draft } from '../draft.ts';
import { defined } from '../values/defined.ts';
import { beforeOf, isLeaseRecorded, standing, wasLost } from './record.ts';

/** What a trainer reports. */
export interface Progress {
  progress?: number | undefined;
  phase?: string | undefined;
  message?: string | undefined;
  details?: JsonObject | undefined;
}

/** On what terms a lease is taken; it keeps them. */
export interface Terms {
  /** Without a report for so long the lease is lost; milliseconds, default never. */
  readonly stall_ms?: number | undefined;
  readonly source?: Source | undefined;
  readonly slot?: string | undefined;
}

/**
 * Starts training.
 *
 * @param token must be greater than any this project has had
 */
export function begin(
  draft: Draft,
  project: Project,
  token: number,
  holder: Holder,
  now: string,
  terms: Terms = {},
): Project {
  const before = isLeaseRecorded(project) ? beforeOf(project) : standing(project);
  return draft.put({
    ...project,
    training_status: 'training',
    last_updated: now,
    retrain_requested: null,
    training: {
      ...blankTraining(),
      token,
      started_at: now,
      updated_at: now,
      holder: defined(holder),
      attempt: Math.min((wasLost(before) ? before.attempt : 0) + 1, MAX_ATTEMPT),
      before,
      // For the next daemon: whoever resumes there is to be missed as soon as here, and has what they had.
      ...defined(terms),
    },
  });
}

export interface Completion {
  file_count?: number | undefined;
  lora_adapter_path?: string | undefined;
  vector_store_path?: string | undefined;
  context_path?: string | undefined;
  base_model?: string | undefined;
  source?: Source | undefined;
  metadata?: JsonObject | undefined;
}

/** Training succeeded; what it has made comes into service. */
export function complete(
  draft: Draft,
  id: string,
  live: Progress,
  { source, base_model, ...results }: Completion,
  now: string,
): Project {
  const before = draft.get(id);
  const updated = update(draft, id, results, now);
  const isSame = updated.lora_adapter_path === before?.lora_adapter_path;
  const fields: Partial<Project> = {
    training_status: 'completed',
    last_trained: now,
    trained_from: source ?? updated.training?.source ?? null,
    base_model: base_model ?? (isSame ? updated.base_model : null),
  };
  return end(draft, 'completed', updated, live, now, fields, { progress: 1, attempt: 0 });
}

/**
 * Training failed, in the words of the trainer or of the daemon that lost it.
 *
 * @param outcome default as its trainer says: it was asked to stop, or it failed
 */
export function fail(
  draft: Draft,
  project: Project,
  live: Progress,
  error: string,
  now: string,
  outcome: Outcome = saidOutcome(project, 'failed'),
): Project {
  return end(draft, outcome, project, live, now, { training_status: 'failed' }, { error });
}

/** The trainer gives the project back as it was. */
export function release(draft: Draft, project: Project, now: string): Project {
  return draft.put(released(project, now), saidOutcome(project, 'released'));
}

/** How a lease ends that its holder ends without having trained: who was asked to stop has been cancelled. */
function saidOutcome({ training }: Project, otherwise: Outcome): Outcome {
  return training?.cancel_requested ? 'cancelled' : otherwise;
}

/** A project as releasing its lease leaves it. */
export function released(project: Project, now: string): Project {
  const { training_status, retrain_requested, error, attempt } = beforeOf(project);
  const blank = { phase: null, progress: null, message: null, details: null };
  const outcome = saidOutcome(project, 'released');
  return ended(
    project,
    {},
    now,
    { training_status, retrain_requested },
    { ...blank, error, attempt, outcome },
  );
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
    ...defined({ cancel_reason: reason }),
  };
  return putChanged(draft, project, { ...project, last_updated: now, training });
}

/** Writes down what the trainer last reported; done when the phase changes. */
export function notePhase(draft: Draft, id: string, live: Progress, now: string): Project | null {
  const project = draft.get(id);
  if (!project?.training) return null;
  const { phase } = live;
  const { phases = [] } = project.training;
  const isNew = phase !== undefined && phase !== project.training.phase;
  const training: Training = {
    ...project.training,
    ...defined(live),
    ...(isNew && { phases: [...phases, { phase, at: now }].slice(-MAX_PHASES) }),
    updated_at: now,
  };
  return putChanged(draft, project, { ...project, training });
}

/** @throws {InvalidParamsError} when the details are too long to be passed around */
export function checkDetails(details: JsonObject | undefined): void {
  if (details) checkedLength('details', details, MAX_DETAILS_BYTES);
}

/** The training record as it is in memory. */
export function withProgress(training: Training, live: (Progress & { updated_at: string }) | null): Training {
  return { ...training, ...defined(live ?? {}) };
}

/** Puts a project whose lease is over. */
function end(
  draft: Draft,
  outcome: Outcome,
  project: Project,
  live: Progress,
  now: string,
  fields: Partial<Project>,
  record: Partial<Training>,
): Project {
  return draft.put(ended(project, live, now, fields, { ...record, outcome }), outcome);
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
      ...defined(live),
      updated_at: now,
      error: null,
      ...record,
    },
  };
}
