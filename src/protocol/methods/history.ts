import { z } from 'zod';
import { holderSchema, outcome, phaseSchema, sourceSchema } from '../../domain/training/schema.ts';
import { jsonObject, timestamp, timestampOrNull } from '../../domain/values/schema.ts';
import { KEPT_OUTPUTS, MAX_HISTORY } from '../../domain/training/history.ts';
import { EXAMPLE_PROJECT, method, MISSING, projectReference, wireProject } from '../method.ts';
import { dryRun, leftBehind, named } from './effect.ts';

const ended = z
  .object({
    token: z.int().describe('of its lease; 0 for what was in service before any training that is known'),
    status: outcome.describe('how it ended'),
    started_at: timestampOrNull('when its lease began; null where that is not known'),
    ended_at: timestamp('when it ended'),
    error: z
      .string()
      .nullable()
      .describe('why it failed, or was cancelled; null where it was not, or no reason was given'),
    holder: holderSchema.nullable().describe('who trained; null where that is not known'),
    source: sourceSchema.nullable().describe('what was trained from; null where its trainer has not told'),
    base_model: z
      .string()
      .nullable()
      .describe('name or path of the model that the adapter adapts; null where it is not known'),
    metadata: jsonObject
      .nullable()
      .describe(
        'as training.complete was given it, {} for none; null where it did not complete, or is not known',
      ),
    phases: z.array(phaseSchema).describe('what was reported, in its order; the last of many'),
    bytes: z
      .int()
      .nullable()
      .describe('of results in its output when it ended; 0 once that is gone, null where it is not known'),
    in_service: z.boolean().describe('whether what it made is what the project has now'),
  })
  .describe('a training that has ended')
  .meta({ id: 'EndedTraining' });
const pruned = z
  .object({
    ...named.shape,
    tokens: z.array(z.int()).describe('of the trainings whose outputs went'),
    bytes: z.int().describe('what these had, as far as it is known'),
  })
  .describe('a project of which outputs went');

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
        .describe(`at most so many; default all that are kept, ${MAX_HISTORY}`),
    }),
    result: z
      .object({ trainings: z.array(ended).describe('the newest first') })
      .describe('the trainings that have ended'),
    errors: [...MISSING, 'storage_failed'],
    example: { params: { project: 'payments', limit: 1 }, result: { trainings: [EXAMPLE] } },
  }),
  'training.promote': method({
    kind: 'change',
    summary: 'Takes what an earlier training made back into service.',
    description:
      "The project's paths, trained_from and base_model become what they were when it completed. Whoever trains meanwhile is not disturbed.",
    params: z.strictObject({
      project: projectReference,
      token: z.int().min(0).describe('of a training in the history that completed'),
    }),
    result: wireProject.describe('the project as it is now'),
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
      project: projectReference.optional().describe('only of this project; default of all'),
      older_ms: z
        .int()
        .min(0)
        .optional()
        .describe(
          'those of trainings that ended so many milliseconds ago or earlier, the last ones, too; default those that are not needed any more, whenever they ended',
        ),
      dry_run: dryRun,
    }),
    result: z
      .object({
        pruned: z.array(pruned).describe('the projects of which something went'),
        bytes: z.int().describe('of all of them, as far as it is known'),
        left: leftBehind.optional().describe('what could not be moved away; missing where everything could'),
      })
      .describe('what went, or with `dry_run` would'),
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
