/** `use_project`. */
import { z } from 'zod';
import { printable } from '../../../src/system/printable.ts';
import { projectToChange } from '../change/meant.ts';
import { projectSchema } from '../project.ts';
import { projectInput } from '../reference.ts';
import { CHANGES, defineTool } from '../tool.ts';
import { quoted } from '../words.ts';

export default defineTool({
  name: 'use_project',
  title: 'Use project',
  description: 'Makes a project active for the person and all programs: only when asked to.',
  input: z.strictObject({ project: projectInput }),
  output: projectSchema.pick({ name: true }).extend({ previous: z.string().optional() }),
  annotations: CHANGES,
  async run(session, { project: named }, { signal }) {
    const client = await session.client();
    const { active_project: before } = await client.projects.active({}, { signal });
    const { project_id: project, name, source_path } = await projectToChange(client, named, signal);
    await client.projects.activate({ project }, { signal });
    const previous = before && before.project_id !== project ? before.name : undefined;
    const instead = previous === undefined ? '' : `; before it was ${quoted(previous)}`;
    return {
      structured: { name, ...(previous !== undefined && { previous }) },
      text: `${quoted(name)} in ${printable(source_path)} is the active project now${instead}`,
    };
  },
});
