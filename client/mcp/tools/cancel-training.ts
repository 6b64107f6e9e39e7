/** `cancel_training`. */
import { z } from 'zod';
import { projectToChange } from '../change/meant.ts';
import { showStanding, standingSchema, standingText } from '../project.ts';
import { projectInput } from '../reference.ts';
import { defineTool } from '../tool.ts';
import { quoted } from '../words.ts';

export default defineTool({
  name: 'cancel_training',
  title: 'Cancel training',
  description: 'Asks whoever trains a project to stop. Does not wait.',
  input: z.strictObject({ project: projectInput, reason: z.string().optional() }),
  output: standingSchema,
  // What was trained so far may be lost.
  annotations: { destructiveHint: true, openWorldHint: false },
  async run(session, { project: named, reason }, { signal }) {
    const client = await session.client();
    const { project_id: project } = await projectToChange(client, named, signal);
    const asked = await client.training.cancel({ project, reason: reason?.trim() || undefined }, { signal });
    const structured = showStanding(asked);
    const nobody = asked.training?.cancel_requested
      ? ''
      : `nobody trains ${quoted(asked.name)}, so nobody was asked to stop; `;
    return { structured, text: nobody + standingText(structured) };
  },
});
