/** `request_retraining`. */
import { z } from 'zod';
import { projectToChange } from '../change/meant.ts';
import { beginning } from '../note.ts';
import { isGone, showStanding, standingSchema, standingText } from '../project.ts';
import { projectInput } from '../reference.ts';
import { CHANGES, defineTool } from '../tool.ts';

export default defineTool({
  name: 'request_retraining',
  title: 'Request retraining',
  description: 'Has another program train a project again. Does not wait.',
  input: z.strictObject({ project: projectInput, reason: z.string().optional() }),
  output: standingSchema,
  annotations: CHANGES,
  async run(session, { project: named, reason: given }, { signal }) {
    const client = await session.client();
    const found = await projectToChange(client, named, signal);
    const reason = given?.trim() || undefined;
    const waiting = found.retrain_requested;
    // Another request without a reason would take from the one that waits its own, and its place.
    const isAsked = waiting !== null && reason === undefined;
    const [asked, gone] = await Promise.all([
      isAsked ? found : client.projects.retrain({ project: found.project_id, reason }, { signal }),
      isGone(client, found),
    ]);
    const replaced = !isAsked && waiting?.reason && waiting.reason !== reason ? waiting.reason : undefined;
    const { note: standing, ...rest } = showStanding(asked, gone);
    const note = [
      ...(standing === undefined ? [] : [standing]),
      ...(replaced === undefined ? [] : [`in place of the request for ${beginning(replaced)}`]),
    ].join('; ');
    const structured = { ...rest, ...(note !== '' && { note }) };
    return { structured, text: standingText(structured) };
  },
});
