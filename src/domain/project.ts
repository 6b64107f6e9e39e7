/** What a project is: its fields, its limits and how a stored one is read. Field names are those of the file. */
import { z } from 'zod';

/** JSON-RPC, files and metadata carry any JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export const TRAINING_STATUSES = ['not_started', 'training', 'completed', 'failed'] as const;
export type TrainingStatus = (typeof TRAINING_STATUSES)[number];

/** Unicode code points; the Python module's limit. */
export const MAX_NAME_LENGTH = 255;
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
/**
 * A longer text is no name, however it is composed: a code point comes of at most four, of two units each. Composing takes
 * time that grows with the square of the length where somebody means it to: half a million accents take minutes.
 */
const MAX_COMPOSED_LENGTH = 8 * MAX_NAME_LENGTH;

/** Any JSON object, kept as it came: zod's own objects would drop a key named `__proto__`. */
export const jsonObject = z
  .unknown()
  .refine(isJsonObject, 'must be an object')
  .meta({ type: 'object' }) as unknown as z.ZodType<JsonObject, JsonObject>;

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const timestamp = z.string().describe('ISO 8601, UTC, with milliseconds and Z');
const optionalPath = z.string().nullable();
const attempt = z.int().min(0).max(MAX_ATTEMPT);
const retrainRequest = z.looseObject({ at: timestamp, reason: z.string().nullable() });

/** How a project stood when its lease began; releasing the lease puts it back. */
const beforeSchema = z.looseObject({
  training_status: z.enum(TRAINING_STATUSES),
  retrain_requested: retrainRequest.nullable(),
  /** With `attempt`, what tells `training.claim` that the project lost its trainer and waits for another. */
  error: z.string().nullable(),
  attempt,
});
export type Before = z.infer<typeof beforeSchema>;

/** A project's training record; kept after training, so that `token` only grows. */
export const trainingSchema = z.looseObject({
  token: z
    .int()
    .min(0)
    .max(MAX_TOKEN)
    .describe(
      'greater than any before it of this project, and not consecutive: it follows the milliseconds since 1970; a store behind a trainer can refuse an older one',
    ),
  phase: z.string().nullable(),
  progress: z.number().min(0).max(1).nullable(),
  message: z.string().nullable(),
  details: jsonObject.nullable(),
  started_at: timestamp.nullable(),
  updated_at: timestamp.nullable(),
  holder: z.looseObject({ name: z.string().optional(), pid: z.int().min(0).optional() }).nullable(),
  cancel_requested: z.boolean(),
  error: z.string().nullable(),
  attempt,
  cancel_reason: z.string().optional().describe('only while somebody is asked to stop'),
  before: beforeSchema.optional().describe('only under a lease: what releasing it puts back'),
  stall_ms: z.int().min(1).max(MAX_STALL_MS).optional().describe('only under a lease: as it was begun with'),
});
export type Training = z.infer<typeof trainingSchema>;

/** What tells the repository of a codebase wherever it lies: the commit it began with, and where it is kept. */
const repositorySchema = z.looseObject({
  root_commit: z
    .string()
    .nullable()
    .describe('id of the first commit; null where it is not known, as in a shallow clone'),
  remote: z
    .string()
    .nullable()
    .describe('host and path it is fetched from, as "github.com/ada/payments"; null where it has none'),
});
export type Repository = z.infer<typeof repositorySchema>;

/** A project as the registry keeps it. */
export const projectSchema = z
  .looseObject({
    project_id: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'must be a UUID'),
    name: z.string().describe('unique without regard to case'),
    source_path: z.string().min(1).describe('absolute path of the codebase'),
    created_at: timestamp,
    last_updated: timestamp,
    training_status: z.enum(TRAINING_STATUSES),
    language: z.string(),
    file_count: z.int().min(0),
    lora_adapter_path: optionalPath,
    vector_store_path: optionalPath,
    context_path: optionalPath,
    last_trained: timestamp.nullable().describe('when training last completed'),
    last_used: timestamp.nullable().describe('set by projects.activate and projects.touch'),
    tags: z.array(z.string()),
    metadata: jsonObject,
    training: trainingSchema.nullable(),
    retrain_requested: retrainRequest.nullable(),
    repository: repositorySchema.nullable(),
  })
  .meta({ id: 'Project' });
export type Project = z.infer<typeof projectSchema>;

/** What a file may say of a project: 1.0 files lack the 1.1 fields, 1.1 files those of 1.2, and a person may leave out the rest. */
export const storedProjectSchema = projectSchema
  .partial()
  .required({ name: true, source_path: true })
  .extend({
    repository: repositorySchema.partial().nullable().optional(),
    training: trainingSchema
      .partial()
      .extend({ before: beforeSchema.partial().optional() })
      .nullable()
      .optional(),
  });
export type StoredProject = z.infer<typeof storedProjectSchema>;

/** Why a name cannot be a project's, or null when it can. Expects a name that went through {@link cleanName}. */
export function nameFault(name: string): string | null {
  if (name === '') return 'the name is empty';
  const length = [...name].length;
  if (length > MAX_NAME_LENGTH) return `the name has ${length} characters and ${MAX_NAME_LENGTH} are allowed`;
  const forbidden = /[<>:"/\\|?*]/.exec(name)?.[0];
  if (forbidden !== undefined) return `the name contains ${forbidden}`;
  // C0, DEL and C1: they would garble a terminal.
  if (/\p{Cc}/u.test(name)) return 'the name contains a control character';
  if (/\p{Cs}/u.test(name)) return 'the name contains half a surrogate pair';
  return null;
}

export function cleanName(name: string): string {
  return compose(name.trim());
}

/** The form under which names are compared. */
export function foldName(name: string): string {
  return compose(name).toLowerCase();
}

/** The text in NFC; one that is too long to be a name, or a part of one, stays as it is. */
function compose(text: string): string {
  return text.length > MAX_COMPOSED_LENGTH ? text : text.normalize('NFC');
}

/** The first and the last moment that Python's `datetime` and four digits of a year can hold. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * A moment in the registry's form. One that the form has no words for, as a clock that is set wrong tells it, is taken
 * for the nearest that it has: the file must be readable again.
 *
 * @param ms since the epoch
 */
export function timestampOf(ms: number): string {
  return new Date(Math.min(Math.max(ms, FIRST_MS), LAST_MS)).toISOString();
}

const CANONICAL = /^(?!0000)\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d\.\d{3}Z$/;
const LENIENT =
  /^(\d{4}-\d\d-\d\d)(?:[T ]((?:[01]\d|2[0-3]):\d\d)(:\d\d)?(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d:?\d\d)?$/i;

/**
 * A timestamp in the registry's form: ISO 8601, UTC, milliseconds, `Z`.
 * One without a zone is local time, as Python's naive `datetime` is.
 *
 * @returns null when the text is no timestamp that Python's `datetime` could hold
 */
export function canonicalTime(text: string): string | null {
  if (CANONICAL.test(text)) return isDay(text) && !Number.isNaN(Date.parse(text)) ? text : null;
  const match = LENIENT.exec(text);
  if (!match || !isDay(text)) return null;
  const [, date, minutes = '00:00', seconds = ':00', fraction = '', zone = ''] = match;
  const normalZone = zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2').toUpperCase();
  const time = Date.parse(`${date}T${minutes}${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}${normalZone}`);
  if (Number.isNaN(time)) return null;
  const canonical = new Date(time).toISOString();
  return CANONICAL.test(canonical) ? canonical : null;
}

/** Whether the month has the day; JavaScript takes the 30th of February for the 2nd of March. */
function isDay(date: string): boolean {
  const [year = 0, month = 0, day = 0] = date.slice(0, 10).split('-').map(Number);
  return day <= 28 || day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
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
  const { before: _over, cancel_reason: _answered, stall_ms: _past, ...rest } = training;
  return { ...rest, holder: null, cancel_requested: false };
}

/**
 * A stored project, complete and in the registry's form; fields this version does not know stay.
 *
 * @param now fills in for timestamps that the file does not have
 */
export function completeProject(stored: StoredProject, id: string, now: string): Project {
  const { etag: _onlyOnTheWire, ...known } = stored;
  const created = time(stored.created_at) ?? time(stored.last_updated) ?? now;
  const updated = time(stored.last_updated) ?? created;
  // The order of the file, also for the fields that are missing.
  const template: Partial<Project> = {
    project_id: id,
    name: '',
    source_path: '',
    created_at: created,
    last_updated: updated,
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
  };
  return {
    ...template,
    ...known,
    project_id: id,
    name: cleanName(stored.name),
    created_at: created,
    last_updated: updated,
    last_trained: time(stored.last_trained),
    last_used: time(stored.last_used),
    training: stored.training ? completeTraining(stored.training) : null,
    retrain_requested: completeRequest(stored.retrain_requested),
    repository: stored.repository ? { root_commit: null, remote: null, ...stored.repository } : null,
  } as Project;
}

function completeTraining(stored: NonNullable<StoredProject['training']>): Training {
  const { before } = stored;
  return {
    ...blankTraining(),
    ...stored,
    started_at: time(stored.started_at),
    updated_at: time(stored.updated_at),
    ...(before && {
      before: {
        ...before,
        ...(before.retrain_requested && { retrain_requested: completeRequest(before.retrain_requested) }),
      },
    }),
  } as Training;
}

function completeRequest(stored: StoredProject['retrain_requested']): Project['retrain_requested'] {
  return stored ? { ...stored, at: canonicalTime(stored.at) ?? stored.at } : null;
}

function time(text: string | null | undefined): string | null {
  return text ? canonicalTime(text) : null;
}
