/** `request_retraining`. */
import { z } from 'zod';
import { projectToChange } from '../change/meant.ts';
import { showStanding, standingSchema, standingText } from '../project.ts';
import { projectInput } from '../reference.ts';
import { CHANGES, defineTool } from '../tool.ts';

export default defineTool({
  name: 'request_retraining',
  title: 'Request retraining',
  description: 'Has another program train a project again. Does not wait.',
  input: z.strictObject({ project: projectInput, reason: z.string().optional() }),
  output: standingSchema,
  annotations: CHANGES,
  async run(session, { project: named, reason }, { signal }) {
    const client = await session.client();
    const found = await projectToChange(client, named, signal);
    // Another request without a reason would take from the one that waits its own, and its place.
    const isAsked = found.retrain_requested !== null && reason === undefined;
    const asked = isAsked
      ? found
      : await client.projects.retrain({ project: found.project_id, reason }, { signal });
    const structured = showStanding(asked);
    return { structured, text: standingText(structured) };
  },
});
