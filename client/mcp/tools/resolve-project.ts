/** `resolve_project`. */
import { z } from 'zod';
import type { ResolvedBy } from '../../../src/domain/places/resolve.ts';
import { printable } from '../../../src/system/printable.ts';
import { projectSchema, projectText, showProject } from '../project.ts';
import { absolutePath } from '../reference.ts';
import { defineTool, LOOKS } from '../tool.ts';

/** What a directory alone can be resolved by. */
const BY = ['cwd', 'worktree', 'active'] as const satisfies readonly ResolvedBy[];

export default defineTool({
  name: 'resolve_project',
  title: 'Find project',
  description: 'Finds the project of a directory, also of a worktree.',
  input: z.strictObject({ cwd: z.string().describe('your working directory, absolute') }),
  output: projectSchema.extend({ resolved_by: z.enum(BY).describe('active: cwd is in no project') }),
  annotations: LOOKS,
  hints: { project_not_found: 'add_project registers the directory' },
  async run(session, { cwd }, { signal }) {
    const client = await session.client();
    const path = absolutePath(cwd);
    const { project, resolved_by } = await client.projects.resolve({ cwd: path }, { signal });
    const shown = await showProject(client, project);
    const by = resolved_by as (typeof BY)[number];
    return {
      structured: { ...shown, resolved_by: by },
      text: `${WHY[by](printable(path))} ${projectText(shown)}`,
    };
  },
});

const WHY: Readonly<Record<(typeof BY)[number], (path: string) => string>> = {
  cwd: (path) => `${path} is in`,
  worktree: (path) => `${path} is in a worktree of`,
  active: (path) =>
    `${path} is in no project; add_project registers one. The active project, which is elsewhere, is`,
};
