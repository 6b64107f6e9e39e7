/** `add_project`. */
import { z } from 'zod';
import { RegistryError } from '../../../src/domain/errors.ts';
import { printable } from '../../../src/system/printable.ts';
import { footingOf } from '../../client.ts';
import { late } from '../../late.ts';
import { projectAt, type Registered } from '../../codebase/registered.ts';
import { noteOnMoved, notesOnKnown, notesOnPlace, notesOnTwins } from '../change/adding.ts';
import { projectSchema, projectText, showProject } from '../project.ts';
import { absolutePath, meansPlace } from '../reference.ts';
import { CHANGES, defineTool } from '../tool.ts';
import { quoted } from '../words.ts';

const input = z.strictObject({
  source_path: z.string().describe('absolute path'),
  name: z.string().optional(),
  tags: z.array(z.string()).optional(),
});

export default defineTool({
  name: 'add_project',
  title: 'Add project',
  description: 'Registers a codebase, to be trained.',
  input,
  output: projectSchema.pick({ name: true, source_path: true, note: true }).extend({ added: z.boolean() }),
  annotations: CHANGES,
  hints: { invalid_name: 'give another one as name' },
  async run(session, { source_path: given, ...wanted }, { signal, tell }) {
    const { name: named } = wanted;
    const client = await session.client();
    const path = absolutePath(given);
    if (named !== undefined && meansPlace(named))
      throw new RegistryError('invalid_name', `cannot use the name ${quoted(named)}: it means a directory`);
    const footing = footingOf(client);
    const isHere = footing.isHere();
    const notes: string[] = [];
    const add = async (): Promise<Registered> => {
      // One directory has one project, whatever an agent calls it.
      const called =
        named === undefined ? undefined : await projectAt(client, path, named, isHere, { signal });
      const known = called ?? (await projectAt(client, path, undefined, isHere, { signal }));
      if (known) return { project: known, isNew: false };
      notes.push(...(await notesOnPlace(client, path, signal)));
      const moved = isHere ? await noteOnMoved(client, path, named, signal) : undefined;
      if (moved !== undefined) notes.push(moved);
      const onProgress = (files: number): void => tell?.(files, undefined, 'files counted');
      const onWarning = (message: string): void => void notes.push(printable(message));
      const { addOnce } = await late(import('../../codebase/add.ts'));
      const added = await addOnce(footing, path, { ...wanted, signal, onProgress, onWarning });
      if (added.isNew) notes.push(...(await notesOnTwins(client, added.project, isHere, signal)));
      return added;
    };
    const { project, isNew } = await add();
    if (!isNew) notes.push(...notesOnKnown(project, wanted));
    const shown = await showProject(client, project);
    const note = notes.join('; ');
    const { name, source_path } = project;
    return {
      structured: { name, source_path, added: isNew, ...(note !== '' && { note }) },
      text: `${isNew ? 'added' : 'registered already:'} ${projectText(shown)}${note && ` (${note})`}`,
    };
  },
});
