import { z } from 'zod';
import {
  MAX_BASE_MODEL,
  MAX_ERROR,
  MAX_MESSAGE,
  MAX_METADATA_BYTES,
  MAX_PHASE,
  MAX_REASON,
} from '../../domain/limits.ts';
import { MAX_TAGS } from '../../domain/project.ts';
import { outputOf } from '../../domain/training/output.ts';
import { MAX_LOST_ATTEMPTS } from '../../domain/training/waiting.ts';
import { jsonObject } from '../../domain/values/schema.ts';
import { MAX_WAIT_MS } from '../limits.ts';
import {
  absolutePath,
  EXAMPLE_PROJECT,
  method,
  MISSING,
  nothing,
  projectReference,
  wireProject,
} from '../method.ts';
import { details, holder, lease, slot, source, stall, token } from './lease.ts';

const choice = (what: string) => z.array(z.string().describe(what)).max(MAX_TAGS);
const wait = z.int().min(0).max(MAX_WAIT_MS).optional();
const made = (what: string) =>
  absolutePath
    .optional()
    .describe(`absolute path of ${what}; default the one in the output, or where none is there as it is`);
const ended = wireProject.describe('the project as it is now, without the lease');
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
      wait_ms: wait.describe(
        'milliseconds to wait for a slot, first come, first served; only with `slot`; default 0',
      ),
      force: z
        .boolean()
        .optional()
        .describe(
          "take it even if somebody holds it; the holder's token is worth nothing then; default false",
        ),
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
      languages: choice('a language').optional().describe('only projects of one of these; default of any'),
      tags: choice('a tag').optional().describe('only projects with one of these; default with any'),
      stall_ms: stall,
      source,
      slot,
      wait_ms: wait.describe('milliseconds to wait for a project, and for a slot; default 0'),
    }),
    result: lease.nullable().describe('null where no project waits'),
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
      progress: z.number().min(0).max(1).optional().describe('how much is done, 0 to 1; default as before'),
      phase: z
        .string()
        .max(MAX_PHASE)
        .optional()
        .describe('what is being done; a new one is written down; default as before'),
      message: z
        .string()
        .max(MAX_MESSAGE)
        .optional()
        .describe('what is to be told people; default as before'),
      details,
    }),
    result: nothing,
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
      file_count: z.int().min(0).optional().describe('files in the codebase; default as it is'),
      lora_adapter_path: made('the adapter, a file or a directory'),
      vector_store_path: made('the vectors'),
      context_path: made('the context'),
      base_model: z
        .string()
        .max(MAX_BASE_MODEL)
        .optional()
        .describe(
          'name or path of the model that the adapter adapts; default none, or where the adapter stays the one that it has',
        ),
      source: source.describe(
        'what it was trained from, which becomes `trained_from`; default what the lease was taken with',
      ),
      metadata: jsonObject
        .optional()
        .describe(
          `merged key by key into that of the project, and null deletes a key; at most ${MAX_METADATA_BYTES} bytes as compact JSON in the end; default as it is`,
        ),
    }),
    result: wireProject
      .extend({
        warnings: z
          .array(z.enum(['no_adapter']).describe('a warning'))
          .optional()
          .describe(
            'missing where there are none. `no_adapter`: there is none in the output, none was named, and none was in service',
          ),
      })
      .describe('a project whose training has just completed')
      .meta({ id: 'CompletedProject' })
      .describe('the project as it is now, without the lease'),
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
      error: z.string().max(MAX_ERROR).describe('why, in words, for `training.error`'),
      details,
    }),
    result: ended,
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
    result: ended,
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
      reason: z.string().max(MAX_REASON).optional().describe('why, for whoever trains; default none'),
    }),
    result: wireProject.describe('the project as it is now'),
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
    params: z.strictObject({
      project: projectReference,
      wait_ms: wait.describe(`milliseconds; default ${MAX_WAIT_MS}`),
    }),
    result: wireProject
      .nullable()
      .describe('the project, which nobody trains; null where somebody still does'),
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
