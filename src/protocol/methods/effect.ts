/** What a change as a whole does, or would do. */
import { z } from 'zod';
import { projectId, projectName } from '../method.ts';

export const named = z
  .object({ project_id: projectId, name: projectName })
  .describe('a project, for people and by its id')
  .meta({ id: 'ProjectName' });

export const differing = z
  .object({
    ...named.shape,
    fields: z.array(z.string()).describe('names of the fields that differ'),
  })
  .describe('a project that is there before and after, with other values')
  .meta({ id: 'DifferingProject' });

export const effect = z
  .object({
    comes_back: z.array(named).describe('projects that were not there before'),
    goes: z.array(named).describe('projects that are not there after it'),
    changes: z.array(differing).describe('projects that it changes, and in which fields'),
    stay: z.int().describe('how many projects stay as they are'),
    active_project: z
      .object({
        from: named.nullable().describe('the active project before; null for none'),
        to: named.nullable().describe('the active project after it; null for none'),
      })
      .optional()
      .describe('missing where the same project is active before and after'),
  })
  .describe('what a change does to the registry as a whole, or would do')
  .meta({ id: 'Effect' });

/** What is not taken away, or not brought back. */
export const leftBehind = z.array(
  z
    .object({
      path: z.string().describe('absolute path'),
      reason: z.string().describe('why, for people'),
    })
    .describe('something that stays where it is, or is not there, and why')
    .meta({ id: 'LeftBehind' }),
);

export const dryRun = z
  .boolean()
  .optional()
  .describe('only tell what would be changed, and change nothing; default false');
