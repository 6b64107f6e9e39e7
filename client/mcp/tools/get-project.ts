/** `get_project`. */
import { z } from 'zod';
import { projectSchema, projectText, showProject } from '../project.ts';
import { projectInput, projectReference } from '../reference.ts';
import { defineTool, LOOKS } from '../tool.ts';

export default defineTool({
  name: 'get_project',
  title: 'Get project',
  description: 'Shows a project, and whether its adapter is current.',
  input: z.strictObject({ project: projectInput }),
  output: projectSchema,
  annotations: LOOKS,
  async run(session, { project }, { signal }) {
    const client = await session.client();
    const found = await client.projects.get({ project: projectReference(project) }, { signal });
    const structured = await showProject(client, found);
    return { structured, text: projectText(structured) };
  },
});
