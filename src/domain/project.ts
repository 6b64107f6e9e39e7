/**
 * What a project is, in the file, on the wire, in TypeScript and in Python: one shape, whose names are those of the file.
 *
 * This is the centre, and plain: `schema.ts` and `training/schema.ts` say the same to zod, and of each field what it holds;
 * the compiler holds them to this.
 */

/** JSON-RPC, files and metadata carry any JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** An object of it, with whatever members. */
export type JsonObject = { [key: string]: Json };

/** Fields that this version does not know survive. */
interface Open {
  [unknown: string]: unknown;
}

export const TRAINING_STATUSES = ['not_started', 'training', 'completed', 'failed'] as const;
export type TrainingStatus = (typeof TRAINING_STATUSES)[number];

/** How a lease has ended; the status afterwards does not tell, as a project is given back as it was. */
export const OUTCOMES = ['completed', 'failed', 'released', 'cancelled', 'stalled', 'lost'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const MAX_TAGS = 64;
/** The last whole number but one that every client can hold: the last is what somebody writes who means no number. */
export const MAX_TOKEN = Number.MAX_SAFE_INTEGER - 1;
/**
 * The greatest token that a content may bring along which was not given out here: far beyond the milliseconds that tokens
 * follow. More is somebody's slip; between this and {@link MAX_TOKEN} there is room for all the leases that follow.
 */
export const MAX_BROUGHT_TOKEN = 2 ** 52;
/** How often running a trainer may be lost before nobody counts any more. */
export const MAX_ATTEMPT = 1_000_000;
/** The longest that a trainer may be silent, in milliseconds: a day. */
export const MAX_STALL_MS = 86_400_000;
/** Phases of a training that are kept. */
export const MAX_PHASES = 32;
export interface RetrainRequest extends Open {
  at: string;
  reason: string | null;
}

export interface Repository extends Open {
  root_commit: string | null;
  remote: string | null;
}

export interface Source extends Open {
  commit: string;
  dirty: boolean;
}

export interface Phase extends Open {
  phase: string;
  at: string;
}

/** How a project stood when its lease began; releasing the lease puts it back. */
export interface Before extends Open {
  training_status: TrainingStatus;
  retrain_requested: RetrainRequest | null;
  /** With `attempt`, what tells `training.claim` that the project lost its trainer and waits for another. */
  error: string | null;
  attempt: number;
}

export interface Holder extends Open {
  name?: string | undefined;
  pid?: number | undefined;
}

export interface Training extends Open {
  token: number;
  phase: string | null;
  progress: number | null;
  message: string | null;
  details: JsonObject | null;
  started_at: string | null;
  updated_at: string | null;
  holder: Holder | null;
  cancel_requested: boolean;
  error: string | null;
  attempt: number;
  cancel_reason?: string | undefined;
  before?: Before | undefined;
  stall_ms?: number | undefined;
  source?: Source | undefined;
  slot?: string | undefined;
  phases?: Phase[] | undefined;
  outcome?: Outcome | undefined;
}

/** A project as the registry keeps it. Times are ISO 8601, UTC, with milliseconds and `Z`. */
export interface Project extends Open {
  project_id: string;
  name: string;
  source_path: string;
  created_at: string;
  last_updated: string;
  training_status: TrainingStatus;
  language: string;
  file_count: number;
  lora_adapter_path: string | null;
  vector_store_path: string | null;
  context_path: string | null;
  last_trained: string | null;
  last_used: string | null;
  tags: string[];
  metadata: JsonObject;
  training: Training | null;
  retrain_requested: RetrainRequest | null;
  repository: Repository | null;
  trained_from: Source | null;
  base_model: string | null;
}

/** A new project, of which nothing is known but what each has; its fields in the order of the file. */
export function blankProject(id: string, name: string, sourcePath: string, now: string): Project {
  return {
    project_id: id,
    name,
    source_path: sourcePath,
    created_at: now,
    last_updated: now,
    training_status: 'not_started',
    language: 'python',
    file_count: 0,
    lora_adapter_path: null,
    vector_store_path: null,
    context_path: null,
    last_trained: null,
    last_used: null,
    tags: [],
    metadata: {},
    training: null,
    retrain_requested: null,
    repository: null,
    trained_from: null,
    base_model: null,
  };
}

/** A training record with nothing in it. */
export function blankTraining(): Training {
  return {
    token: 0,
    phase: null,
    progress: null,
    message: null,
    details: null,
    started_at: null,
    updated_at: null,
    holder: null,
    cancel_requested: false,
    error: null,
    attempt: 0,
  };
}

/** A training record without all that it says only under a lease. */
export function withoutLease(training: Training): Training {
  const { before: _b, cancel_reason: _c, stall_ms: _m, source: _s, slot: _l, phases: _p, ...rest } = training;
  return { ...rest, holder: null, cancel_requested: false };
}
