/** `training_status`. */
import { z } from 'zod';
import { isLeaseRecorded } from '../../../src/domain/training/record.ts';
import { isPending, whenTrained } from '../change/wait.ts';
import { showStanding, standingSchema, standingText } from '../project.ts';
import { projectInput, projectReference } from '../reference.ts';
import { decimal } from '../schema.ts';
import { defineTool, LOOKS } from '../tool.ts';

/** Programs of agents give a call up after a minute, and the answer has to be there by then. Milliseconds. */
const LONGEST_WAIT_MS = 55_000;

const NO_TRAINER = '; no trainer has taken it so far: the person can start one with gardener train';

export default defineTool({
  name: 'training_status',
  title: 'Training status',
  description: 'Tells how training stands; with wait_seconds, waits for its end.',
  input: z.strictObject({
    project: projectInput,
    wait_seconds: decimal(z.number().min(0).max(60)).optional(),
  }),
  output: standingSchema.extend({ pending: z.boolean() }),
  annotations: LOOKS,
  async run(session, { project: named, wait_seconds: seconds = 0 }, call) {
    const client = await session.client();
    const reference = projectReference(named);
    const found = await client.projects.get({ project: reference }, { signal: call.signal });
    const ms = Math.min(seconds * 1000, LONGEST_WAIT_MS);
    const { project, isCut } =
      ms > 0 ? await whenTrained(session, found, ms, call) : { project: found, isCut: false };
    const standing = showStanding(project);
    const advice = !isCut
      ? ''
      : isLeaseRecorded(project)
        ? `; not ended within ${ms / 1000} s: wait again`
        : NO_TRAINER;
    return {
      structured: { ...standing, pending: isPending(project) },
      text: standingText(standing) + advice,
    };
  },
});
