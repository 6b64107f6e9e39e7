/** The training record of a project: what `project.ts` says of it, for checks and for the documentation. */
import { z } from 'zod';
import { MAX_DETAILS_BYTES } from '../limits.ts';
import {
  type Before,
  type Holder,
  MAX_ATTEMPT,
  MAX_PHASES,
  MAX_STALL_MS,
  MAX_TOKEN,
  type Outcome,
  type Source,
  type Training,
  type TrainingStatus,
} from '../project.ts';
import { jsonObject, timestamp, timestampOrNull, wordOf } from '../values/schema.ts';

export const trainingStatus = wordOf<TrainingStatus>(
  'TrainingStatus',
  'how the training of a project stands',
  {
    not_started: 'it has not been trained',
    training: 'somebody trains it',
    completed: 'the last training succeeded',
    failed: 'the last training failed, or lost its trainer',
  },
);

export const outcome = wordOf<Outcome>('Outcome', 'how a training ended', {
  completed: 'it succeeded',
  failed: 'its trainer said that it failed',
  released: 'its trainer gave the project back as it was',
  cancelled: 'given back or failed after its trainer was asked to stop',
  stalled: 'its trainer reported nothing for `stall_ms`',
  lost: 'its trainer vanished, or somebody took the project by force',
});

/** What a trainer may say of itself; {@link holderSchema} is who has a lease. */
const NAME = 'what it calls itself; missing where that is not known';
const PID = 'number of its process, on its own machine; missing where that is not known';

export const holderSchema = z
  .looseObject({
    name: z.string().optional().describe(NAME),
    pid: z.int().min(0).optional().describe(PID),
  })
  .describe('who trains')
  .meta({ id: 'Holder' });

export const sourceSchema = z
  .looseObject({
    commit: z.string().describe('id of the commit, hexadecimal, which may be shortened'),
    dirty: z.boolean().describe('whether there was more than that commit has: what was not committed'),
  })
  .describe('the state of a codebase that something was made from')
  .meta({ id: 'Source' });

export const retrainRequest = z
  .looseObject({
    at: timestamp('when it was asked for'),
    reason: z.string().nullable().describe('why, for whoever trains it; null where none was given'),
  })
  .describe('somebody asked for the project to be trained again')
  .meta({ id: 'RetrainRequest' });

export const phaseSchema = z
  .looseObject({
    phase: z.string().describe('what was being done, in the words of the trainer'),
    at: timestamp('since when'),
  })
  .describe('what a training was doing, and since when')
  .meta({ id: 'Phase' });

const attempt = z
  .int()
  .min(0)
  .max(MAX_ATTEMPT)
  .describe(
    'which try it is, or was, as long as trainers vanish: 1 for the first; 0 before any, and once one has completed',
  );
const error = z
  .string()
  .nullable()
  .describe(
    'why the last training failed: what its trainer said, "trainer disconnected" or "stalled"; null where it did not',
  );

export const beforeSchema = z
  .looseObject({
    training_status: trainingStatus.describe('how its training stood'),
    retrain_requested: retrainRequest.nullable().describe('null for none'),
    error,
    attempt,
  })
  .describe('how a project stood when its lease began')
  .meta({ id: 'BeforeTraining' });

export const trainingSchema = z
  .looseObject({
    token: z
      .int()
      .min(0)
      .max(MAX_TOKEN)
      .describe(
        'of the last lease: greater than any before it of this project, and not consecutive, as it follows the milliseconds since 1970; a store behind a trainer can refuse an older one; 0 where there was no lease',
      ),
    phase: z
      .string()
      .nullable()
      .describe('what is being done, in the words of the trainer; null where it has not said'),
    progress: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .describe('how much is done, 0 to 1; null where it is not known'),
    message: z.string().nullable().describe('what the trainer said last, for people; null for nothing'),
    details: jsonObject
      .nullable()
      .describe(
        `any JSON object that the trainer reported last, at most ${MAX_DETAILS_BYTES} bytes as compact JSON; null for none`,
      ),
    started_at: timestampOrNull('when the last lease began; null where there was none'),
    updated_at: timestampOrNull('when this record last changed; null where it never has'),
    holder: holderSchema.nullable().describe('who has the lease; null while nobody has'),
    cancel_requested: z
      .boolean()
      .describe('whether whoever trains was asked to stop; false while nobody has the lease'),
    error,
    attempt,
    cancel_reason: z
      .string()
      .optional()
      .describe(
        'why whoever trains was asked to stop; missing where no reason was given, and without a lease',
      ),
    before: beforeSchema.optional().describe('what releasing the lease puts back; only under a lease'),
    stall_ms: z
      .int()
      .min(1)
      .max(MAX_STALL_MS)
      .optional()
      .describe(
        'milliseconds without a report after which the lease is lost; only under a lease that was begun with it',
      ),
    source: sourceSchema
      .optional()
      .describe('what is trained from, as far as the trainer has told; only under a lease'),
    slot: z.string().optional().describe('name of the slot that the lease has; only under one that has one'),
    phases: z
      .array(phaseSchema)
      .max(MAX_PHASES)
      .optional()
      .describe(`what was reported so far, in its order, the last ${MAX_PHASES}; only under a lease`),
    outcome: outcome
      .optional()
      .describe(
        'how the last training ended, which the status does not tell; missing under a lease, and where none has ended',
      ),
  })
  .describe('the training record of a project; it stays after training, so that `token` only grows')
  .meta({ id: 'Training' });

/** Does not compile where a schema and the type that it checks say different things. */
type Same<A, B> = [A, B] extends [B, A] ? true : never;
const SAME: [
  Same<z.infer<typeof trainingSchema>, Training>,
  Same<z.infer<typeof beforeSchema>, Before>,
  Same<z.infer<typeof sourceSchema>, Source>,
  Same<z.infer<typeof holderSchema>, Holder>,
] = [true, true, true, true];
void SAME;
