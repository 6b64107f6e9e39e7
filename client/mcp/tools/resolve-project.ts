/** `resolve_project`. */
import { z } from 'zod';
import { RegistryError } from '../../../src/domain/errors.ts';
import type { ResolvedBy } from '../../../src/domain/places/resolve.ts';
import { isRefusal } from '../../../src/domain/values/refusal.ts';
import { projectSchema, projectText, showProject } from '../project.ts';
import { absolutePath, leadsNowhere } from '../reference.ts';
import { defineTool, LOOKS } from '../tool.ts';
import { plainOrQuoted } from '../words.ts';

/** What a directory alone can be resolved by. */
const BY = ['cwd', 'worktree', 'active'] as const satisfies readonly ResolvedBy[];

export default defineTool({
  name: 'resolve_project',
  title: 'Find project',
  description: 'Finds the project of a directory, also of a worktree.',
  input: z.strictObject({ cwd: z.string().describe('your working directory, absolute') }),
  output: projectSchema.extend({ resolved_by: z.enum(BY).describe('active: cwd is in no project') }),
  annotations: LOOKS,
  // It takes no name.
  hints: { project_not_found: 'add_project registers it' },
  async run(session, { cwd }, { signal }) {
    const client = await session.client();
    const path = absolutePath(cwd);
    const answer = await client.projects.resolve({ cwd: path }, { signal }).catch((error: unknown) => {
      if (isRefusal(error, 'project_not_found')) return undefined;
      throw error;
    });
    if ((!answer || answer.resolved_by === 'active') && (await leadsNowhere(client, path))) {
      const message = `cannot tell which project is meant: there is no ${path}`;
      throw new RegistryError('source_path_missing', message, { source_path: path });
    }
    if (!answer) throw new RegistryError('project_not_found', `cannot find a project: ${path} is in none`);
    const { project, resolved_by } = answer;
    const shown = await showProject(client, project);
    const by = resolved_by as (typeof BY)[number];
    return {
      structured: { ...shown, resolved_by: by },
      text: `${WHY[by](plainOrQuoted(path))} ${projectText(shown)}`,
    };
  },
});

const WHY: Readonly<Record<(typeof BY)[number], (path: string) => string>> = {
  cwd: (path) => `${path} is in`,
  worktree: (path) => `${path} is in a worktree of`,
  active: (path) =>
    `${path} is in no project; add_project registers one. The active project, which is elsewhere, is`,
};
