/** `add_project`. */
import { z } from 'zod';
import { printable } from '../../../src/system/printable.ts';
import { type Client, footingOf } from '../../client.ts';
import { projectAt, projectsAround } from '../../codebase/registered.ts';
import { projectSchema, projectText, showProject } from '../project.ts';
import { absolutePath } from '../reference.ts';
import { CHANGES, defineTool } from '../tool.ts';

export default defineTool({
  name: 'add_project',
  title: 'Add project',
  description: 'Registers a codebase, to be trained.',
  input: z.strictObject({
    source_path: z.string().describe('absolute path'),
    name: z.string().optional(),
    tags: z.array(z.string()).optional(),
  }),
  output: projectSchema.pick({ name: true, source_path: true, note: true }).extend({ added: z.boolean() }),
  annotations: CHANGES,
  async run(session, { source_path: given, name: named, tags }, { signal, tell }) {
    const client = await session.client();
    const path = absolutePath(given);
    const known = await projectAt(client, path, named, footingOf(client).isHere(), { signal });
    const notes = known ? [] : await notesOnPlace(client, path, signal);
    const project = await client.projects.add(path, {
      name: named,
      tags,
      signal,
      onProgress: (files) => tell?.(files, undefined, 'files counted'),
      onWarning: (message) => notes.push(message),
    });
    const note = notes.join('; ');
    const { name, source_path } = project;
    const shown = projectText(await showProject(client, project));
    return {
      structured: { name, source_path, added: !known, ...(note !== '' && { note }) },
      text: `${known ? 'registered already:' : 'added'} ${shown}${note && ` (${printable(note)})`}`,
    };
  },
});

/** A model may not have looked where it is, and nothing here takes back what it adds. */
async function notesOnPlace(client: Client, path: string, signal: AbortSignal): Promise<string[]> {
  const { projects, isWorktree } = await projectsAround(client, path, { signal });
  const how = isWorktree ? 'is a worktree of' : 'lies in';
  return projects.map(({ name }) => `it ${how} "${name}", which is registered, too`);
}
