/** What `project.ts` says, for checking what comes from outside and for the documentation of the protocol. */
import { z } from 'zod';
import {
  type Before,
  type JsonObject,
  MAX_ATTEMPT,
  MAX_PHASES,
  MAX_STALL_MS,
  MAX_TOKEN,
  OUTCOMES,
  type Project,
  type Repository,
  type Source,
  type Training,
  TRAINING_STATUSES,
} from './project.ts';
import { isJsonObject } from './values/json.ts';

/** Any JSON object, kept as it came: zod's own objects would drop a key named `__proto__`. */
export const jsonObject = z
  .unknown()
  .refine(isJsonObject, 'must be an object')
  .meta({ type: 'object' }) as unknown as z.ZodType<JsonObject, JsonObject>;

export const timestamp = z.string().describe('ISO 8601, UTC, with milliseconds and Z');
const optionalPath = z.string().nullable();
const attempt = z.int().min(0).max(MAX_ATTEMPT);
const retrainRequest = z.looseObject({ at: timestamp, reason: z.string().nullable() });

const beforeSchema = z.looseObject({
  training_status: z.enum(TRAINING_STATUSES),
  retrain_requested: retrainRequest.nullable(),
  error: z.string().nullable(),
  attempt,
});

export const sourceSchema = z.looseObject({
  commit: z.string().describe('id of the commit'),
  dirty: z.boolean().describe('whether there was more than that commit has'),
});

export const holderSchema = z
  .looseObject({
    name: z.string().optional().describe('what it calls itself; missing where it has told none'),
    pid: z
      .int()
      .min(0)
      .optional()
      .describe('its process, on its own machine; missing where it has told none'),
  })
  .describe('who trains');

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
  holder: holderSchema.nullable(),
  cancel_requested: z.boolean(),
  error: z.string().nullable(),
  attempt,
  cancel_reason: z.string().optional().describe('only while somebody is asked to stop'),
  before: beforeSchema.optional().describe('only under a lease: what releasing it puts back'),
  stall_ms: z.int().min(1).max(MAX_STALL_MS).optional().describe('only under a lease: as it was begun with'),
  source: sourceSchema.optional().describe('only under a lease: what is trained from'),
  slot: z.string().optional().describe('only under a lease that has one'),
  phases: z
    .array(z.looseObject({ phase: z.string(), at: timestamp }))
    .max(MAX_PHASES)
    .optional()
    .describe('only under a lease: what was reported so far'),
  outcome: z.enum(OUTCOMES).optional().describe('how the last training ended'),
});

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
    trained_from: sourceSchema
      .nullable()
      .describe('what the training that completed last was made from, as far as its trainer told'),
    base_model: z.string().nullable().describe('the model that the adapter in service adapts'),
  })
  .meta({ id: 'Project' });

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

/** Does not compile where a schema and the type that it checks say different things. */
type Same<A, B> = [A, B] extends [B, A] ? true : never;
const SAME: [
  Same<z.infer<typeof projectSchema>, Project>,
  Same<z.infer<typeof trainingSchema>, Training>,
  Same<z.infer<typeof beforeSchema>, Before>,
  Same<z.infer<typeof repositorySchema>, Repository>,
  Same<z.infer<typeof sourceSchema>, Source>,
] = [true, true, true, true, true];
void SAME;
