import { z } from 'zod';
import {
  MAX_BASE_MODEL,
  MAX_CALLER,
  MAX_COMMIT,
  MAX_DETAILS_BYTES,
  MAX_ERROR,
  MAX_MESSAGE,
  MAX_PHASE,
  MAX_REASON,
  MAX_SLOT,
  MAX_SLOTS,
} from '../../domain/limits.ts';
import { MAX_STALL_MS, MAX_TAGS } from '../../domain/project.ts';
import { jsonObject } from '../../domain/schema.ts';
import { outputOf } from '../../domain/training/output.ts';
import { slotFault } from '../../domain/training/slots.ts';
import { MAX_LOST_ATTEMPTS } from '../../domain/training/waiting.ts';
import { MAX_WAIT_MS } from '../limits.ts';
import { absolutePath, EXAMPLE_PROJECT, method, MISSING, projectReference, wireProject } from '../method.ts';

const holder = z
  .strictObject({ name: z.string().max(MAX_CALLER), pid: z.int().min(0) })
  .partial()
  .optional()
  .describe('shown to others; default what daemon.hello was told');
const stall = z
  .int()
  .min(1)
  .max(MAX_STALL_MS)
  .optional()
  .describe('without training.progress for so many milliseconds the lease is lost');
const choice = z.array(z.string()).max(MAX_TAGS);
const wait = z.int().min(0).max(MAX_WAIT_MS).optional();
const token = z.int().min(0).describe('of the lease');
const details = jsonObject
  .optional()
  .describe(`any JSON object, at most ${MAX_DETAILS_BYTES} bytes serialised`);
const source = z
  .strictObject({
    commit: z
      .string()
      .regex(new RegExp(`^[0-9a-f]{7,${MAX_COMMIT}}$`), 'must be the id of a commit')
      .describe('hexadecimal'),
    dirty: z.boolean().describe('whether there was more than that commit has'),
  })
  .optional()
  .describe('what is trained from; `trained_from` of the project once the training has completed');
const slotName = z
  .string()
  .refine((name) => slotFault(name) === null, { error: ({ input }) => slotFault(String(input)) ?? undefined })
  // As far as a schema can say it.
  .meta({ minLength: 1, maxLength: MAX_SLOT, pattern: '^(?!\\.{1,2}$)[^\\s/\\\\]([^/\\\\]*[^\\s/\\\\])?$' });
const slot = z
  .union(
    [slotName, z.array(slotName).min(1).max(MAX_SLOTS)],
    `must be the name of a slot, or a list of at most ${MAX_SLOTS} such names`,
  )
  .optional()
  .describe(
    'the name of what no two live leases have at a time, as one of two GPUs; of several the first free one',
  );
const lease = z.object({
  token: z
    .int()
    .describe(
      'greater than any before it of this project; not consecutive: it follows the milliseconds since 1970',
    ),
  project: wireProject,
  slot: z
    .string()
    .optional()
    .describe('the slot that it has, where one was asked for; it ends with the lease'),
  output: z
    .object({
      directory: z.string().describe('of this lease alone; an adapter may be saved straight into it'),
      lora_adapter_path: z.string().describe('for a file or a directory'),
      vector_store_path: z.string(),
      context_path: z.string(),
    })
    .describe(
      'where to write: what is there comes into service when the training completes, and nothing before; sync it to the disk first',
    ),
});
const APPLIED =
  ' Where storage_failed has `applied`, the lease stands: `token` and `project` come with the error, and training.resume has 10 s.';
const LEASED = [...MISSING, 'lease_lost'] as const;

const AT = '2026-01-05T10:00:00.000Z';
const TOKEN = 1_767_607_200_000;
export const EXAMPLE_TRAINING = {
  ...EXAMPLE_PROJECT,
  training_status: 'training' as const,
  training: {
    token: TOKEN,
    phase: null,
    progress: null,
    message: null,
    details: null,
    started_at: AT,
    updated_at: AT,
    holder: { name: 'lora-trainer', pid: 5120 },
    cancel_requested: false,
    error: null,
    attempt: 1,
    eta_s: null,
  },
};
const { eta_s: _over, ...RECORD } = EXAMPLE_TRAINING.training;
const ENDED = { ...RECORD, holder: null };
const EXAMPLE_LEASE = { project: 'payments', token: TOKEN };
const OUTPUT = outputOf(`/home/ada/.codebase-gardener/projects/${EXAMPLE_PROJECT.project_id}`, TOKEN);
const EXAMPLE_BEGUN = { token: TOKEN, project: EXAMPLE_TRAINING, output: OUTPUT };

/** Who may work on a project: a lease, bound to the connection that took it. */
export const trainingMethods = {
  'training.begin': method({
    kind: 'change',
    summary: 'Takes the lease on a project and marks it as training.',
    description:
      'The lease belongs to this connection. When the connection ends, training.resume has 10 s to take it over; then the project is failed.' +
      APPLIED,
    params: z.strictObject({
      project: projectReference,
      holder,
      stall_ms: stall,
      source,
      slot,
      wait_ms: wait.describe('with `slot`: how long to wait for one, first come, first served; default 0'),
      force: z
        .boolean()
        .optional()
        .describe("take it even if somebody holds it; the holder's token is worth nothing then"),
    }),
    result: lease,
    errors: [...MISSING, 'lease_held', 'slot_taken'],
    example: {
      params: { project: 'payments', holder: { name: 'lora-trainer', pid: 5120 } },
      result: EXAMPLE_BEGUN,
    },
  }),
  'training.claim': method({
    kind: 'change',
    summary: 'Takes the lease on the project that has waited longest for training, or null.',
    description:
      'Those with a retrain request come first, then those never trained, then those whose trainer vanished ' +
      `(fewer than ${MAX_LOST_ATTEMPTS} times running).${APPLIED}`,
    params: z.strictObject({
      holder,
      languages: choice.optional().describe('only of these'),
      tags: choice.optional().describe('only with one of these'),
      stall_ms: stall,
      source,
      slot,
      wait_ms: wait.describe('how long to wait for one, and for a slot; default 0'),
    }),
    result: lease.nullable(),
    errors: ['slot_taken'],
    example: {
      params: { holder: { name: 'lora-trainer', pid: 5120 }, languages: ['typescript'] },
      result: EXAMPLE_BEGUN,
    },
  }),
  'training.progress': method({
    kind: 'change',
    summary: 'Reports how far training is, and keeps the lease.',
    description: 'Kept in memory and sent to those who watch progress; written down when the phase changes.',
    params: z.strictObject({
      project: projectReference,
      token,
      progress: z.number().min(0).max(1).optional().describe('how much of it is done'),
      phase: z.string().max(MAX_PHASE).optional().describe('what is being done; a new one is written down'),
      message: z.string().max(MAX_MESSAGE).optional().describe('for people'),
      details,
    }),
    result: z.null(),
    errors: LEASED,
    example: {
      params: { ...EXAMPLE_LEASE, progress: 0.4, phase: 'training', message: 'epoch 2' },
      result: null,
    },
  }),
  'training.complete': method({
    kind: 'change',
    summary: 'Ends the lease: training has succeeded, and what it made comes into service.',
    description:
      "What is in the lease's output becomes what the project's paths point to, all of it in this change, unless a path is given; what is not there stays as it was.",
    params: z.strictObject({
      project: projectReference,
      token,
      file_count: z.int().min(0).optional().describe('files in the codebase'),
      lora_adapter_path: absolutePath.optional().describe('an absolute path; default the one in the output'),
      vector_store_path: absolutePath.optional().describe('the same for the vectors'),
      context_path: absolutePath.optional().describe('the same for the context'),
      base_model: z.string().max(MAX_BASE_MODEL).optional().describe('the model that the adapter adapts'),
      source: source.describe('default what the lease was taken with'),
      metadata: jsonObject.optional().describe('merged key by key; null deletes a key'),
    }),
    result: wireProject.extend({
      warnings: z
        .array(z.enum(['no_adapter']))
        .optional()
        .describe('no_adapter: there is none in the output, none was named, and none was in service'),
    }),
    errors: LEASED,
    example: {
      params: { ...EXAMPLE_LEASE, file_count: 412 },
      result: {
        ...EXAMPLE_PROJECT,
        training_status: 'completed',
        last_trained: AT,
        lora_adapter_path: OUTPUT.lora_adapter_path,
        training: { ...ENDED, progress: 1, attempt: 0, outcome: 'completed' },
      },
    },
  }),
  'training.fail': method({
    kind: 'change',
    summary: 'Ends the lease: training has failed.',
    params: z.strictObject({
      project: projectReference,
      token,
      error: z.string().max(MAX_ERROR).describe('why'),
      details,
    }),
    result: wireProject,
    errors: LEASED,
    example: {
      params: { ...EXAMPLE_LEASE, error: 'out of memory' },
      result: {
        ...EXAMPLE_PROJECT,
        training_status: 'failed',
        training: { ...ENDED, error: 'out of memory', outcome: 'failed' },
      },
    },
  }),
  'training.release': method({
    kind: 'change',
    summary: 'Ends the lease and puts the project back as it was.',
    params: z.strictObject({ project: projectReference, token }),
    result: wireProject,
    errors: LEASED,
    example: {
      params: EXAMPLE_LEASE,
      result: { ...EXAMPLE_PROJECT, training: { ...ENDED, attempt: 0, outcome: 'released' } },
    },
  }),
  'training.cancel': method({
    kind: 'change',
    summary: 'Asks whoever trains a project to stop; the holder releases or fails.',
    description: 'Where nobody holds a lease nothing changes.',
    params: z.strictObject({
      project: projectReference,
      reason: z.string().max(MAX_REASON).optional().describe('for the holder'),
    }),
    result: wireProject,
    errors: MISSING,
    example: {
      params: { project: 'payments', reason: 'laptop goes to sleep' },
      result: {
        ...EXAMPLE_TRAINING,
        training: {
          ...EXAMPLE_TRAINING.training,
          cancel_requested: true,
          cancel_reason: 'laptop goes to sleep',
        },
      },
    },
  }),
  'training.wait': method({
    kind: 'read',
    summary: 'Waits until nobody trains a project; null when the time is up.',
    params: z.strictObject({ project: projectReference, wait_ms: wait.describe(`default ${MAX_WAIT_MS}`) }),
    result: wireProject.nullable(),
    errors: MISSING,
    example: { params: { project: 'payments', wait_ms: 1000 }, result: EXAMPLE_PROJECT },
  }),
  'training.resume': method({
    kind: 'control',
    summary: 'Takes a lease over to this connection.',
    params: z.strictObject({ project: projectReference, token }),
    result: lease,
    errors: LEASED,
    example: { params: EXAMPLE_LEASE, result: EXAMPLE_BEGUN },
  }),
};
