import { z } from 'zod';
import { OUTCOMES } from '../../domain/project.ts';
import { jsonObject, sourceSchema, timestamp } from '../../domain/schema.ts';
import { KEPT_OUTPUTS, MAX_HISTORY } from '../../domain/training/history.ts';
import { EXAMPLE_PROJECT, method, MISSING, projectReference, wireProject } from '../method.ts';

const token = z.int().min(0).describe('of a training in the history');
const bytes = z
  .int()
  .nullable()
  .describe('of results in its output when it ended; 0 once that is gone, null where it is not known');
const ended = z.object({
  token: z.int().describe('0 for what was in service before any training that is known'),
  status: z.enum(OUTCOMES).describe('how it ended'),
  started_at: timestamp.nullable(),
  ended_at: timestamp,
  error: z.string().nullable(),
  holder: z.object({ name: z.string().optional(), pid: z.int().optional() }).nullable(),
  source: sourceSchema.nullable().describe('what was trained from, as far as its trainer told'),
  base_model: z.string().nullable(),
  metadata: jsonObject
    .nullable()
    .describe(
      'as training.complete was given it, {} for none; null where it did not complete, or is not known',
    ),
  phases: z.array(z.object({ phase: z.string(), at: timestamp })),
  bytes,
  in_service: z.boolean().describe('whether what it made is what the project has now'),
});
const pruned = z.object({
  project_id: z.string(),
  name: z.string(),
  tokens: z.array(z.int()).describe('of the trainings whose outputs went'),
  bytes: z.int().describe('what these had, as far as it is known'),
});

const AT = '2026-01-05T10:00:00.000Z';
const TOKEN = 1_767_607_200_000;
const EXAMPLE = {
  token: TOKEN,
  status: 'completed' as const,
  started_at: AT,
  ended_at: AT,
  error: null,
  holder: { name: 'lora-trainer', pid: 5120 },
  source: null,
  base_model: null,
  metadata: { loss: 0.4 },
  phases: [],
  bytes: 13_107_200,
  in_service: true,
};
const DIRECTORY = `/home/ada/.codebase-gardener/projects/${EXAMPLE_PROJECT.project_id}`;

/** What trainings that have ended leave behind. */
export const historyMethods = {
  'training.history': method({
    kind: 'read',
    summary: 'Lists the trainings of a project that have ended, the newest first.',
    params: z.strictObject({
      project: projectReference,
      limit: z
        .int()
        .min(1)
        .max(MAX_HISTORY)
        .optional()
        .describe(`how many; default all that are kept, ${MAX_HISTORY}`),
    }),
    result: z.object({ trainings: z.array(ended) }),
    errors: [...MISSING, 'storage_failed'],
    example: { params: { project: 'payments', limit: 1 }, result: { trainings: [EXAMPLE] } },
  }),
  'training.promote': method({
    kind: 'change',
    summary: 'Takes what an earlier training made back into service.',
    description:
      "The project's paths, trained_from and base_model become what they were when it completed. Whoever trains meanwhile is not disturbed.",
    params: z.strictObject({ project: projectReference, token }),
    result: wireProject,
    errors: MISSING,
    example: {
      params: { project: 'payments', token: TOKEN },
      result: {
        ...EXAMPLE_PROJECT,
        metadata: EXAMPLE.metadata,
        training_status: 'completed',
        last_trained: AT,
        lora_adapter_path: `${DIRECTORY}/trainings/${TOKEN}/lora_adapter.bin`,
        training: {
          token: TOKEN,
          phase: null,
          progress: 1,
          message: null,
          details: null,
          started_at: AT,
          updated_at: AT,
          holder: null,
          cancel_requested: false,
          error: null,
          attempt: 0,
          outcome: 'completed',
        },
      },
    },
  }),
  'training.prune': method({
    kind: 'change',
    summary: 'Moves outputs of trainings to the trash that are not needed any more.',
    description: `Nothing that a project points to goes, nor what somebody trains into. It is done by itself, without older_ms, whenever a training has ended: the last ${KEPT_OUTPUTS} outputs of those that completed stay, and the last of the others.`,
    params: z.strictObject({
      project: projectReference.optional().describe('only of this one; default of all'),
      older_ms: z
        .int()
        .min(0)
        .optional()
        .describe('those of trainings that ended so many milliseconds ago or earlier, the last ones, too'),
      dry_run: z.boolean().optional().describe('only tell what would go; default false'),
    }),
    result: z.object({
      pruned: z.array(pruned).describe('the projects of which something went'),
      bytes: z.int().describe('of all of them'),
      left: z
        .array(z.object({ path: z.string(), reason: z.string() }))
        .optional()
        .describe('what could not be moved'),
    }),
    errors: MISSING,
    example: {
      params: { older_ms: 0 },
      result: {
        pruned: [
          { project_id: EXAMPLE_PROJECT.project_id, name: 'payments', tokens: [TOKEN], bytes: 13_107_200 },
        ],
        bytes: 13_107_200,
      },
    },
  }),
};
