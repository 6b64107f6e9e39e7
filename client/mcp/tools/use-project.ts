/** `use_project`. */
import { z } from 'zod';
import { projectToChange } from '../change/meant.ts';
import { GONE } from '../note.ts';
import { isGone, projectSchema } from '../project.ts';
import { projectInput } from '../reference.ts';
import { CHANGES, defineTool } from '../tool.ts';
import { plainOrQuoted, quoted } from '../words.ts';

export default defineTool({
  name: 'use_project',
  title: 'Use project',
  description: 'Makes a project active for the person and all programs: only when asked to.',
  input: z.strictObject({ project: projectInput }),
  output: projectSchema.pick({ name: true, note: true }).extend({ previous: z.string().optional() }),
  annotations: CHANGES,
  async run(session, { project: named }, { signal }) {
    const client = await session.client();
    const [{ active_project: before }, found] = await Promise.all([
      client.projects.active({}, { signal }),
      projectToChange(client, named, signal),
    ]);
    const { project_id: project, name, source_path } = found;
    await client.projects.activate({ project }, { signal });
    const [now, gone] = await Promise.all([client.projects.active({}, { signal }), isGone(client, found)]);
    // What it took the place of is known from what came after: another program may have been quicker before.
    const isActive = now.active_project?.project_id === project;
    const previous = isActive && before?.project_id !== project ? now.previous_project?.name : undefined;
    const other = now.active_project ? `${quoted(now.active_project.name)} active` : 'none active';
    const note = [
      ...(isActive ? [] : [`another program has made ${other} since`]),
      ...(gone ? [GONE] : []),
    ].join('; ');
    const instead = previous === undefined ? '' : `; before it was ${quoted(previous)}`;
    return {
      structured: { name, ...(previous !== undefined && { previous }), ...(note !== '' && { note }) },
      text: `${quoted(name)} in ${plainOrQuoted(source_path)} ${isActive ? 'is the active project now' : 'was made the active project'}${instead}${note && `; ${note}`}`,
    };
  },
});
