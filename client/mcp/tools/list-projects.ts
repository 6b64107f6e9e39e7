/** `list_projects`. */
import { z } from 'zod';
import { defineTool } from '../tool.ts';

export default defineTool({
  name: 'list_projects',
  title: 'List projects',
  description: 'Lists the registered codebases.',
  input: z.strictObject({ query: z.string().optional().describe('part of a name') }),
  output: z.strictObject({ names: z.array(z.string()) }),
  annotations: { readOnlyHint: true },
  async run(session, { query }, { signal }) {
    const client = await session.client();
    const { projects } = await client.projects.list({ query, limit: 20 }, { signal });
    const names = projects.map(({ name }) => name);
    return { structured: { names }, text: names.join('\n') };
  },
});
