/** The registry as a whole, in a few fields. */
import { z } from 'zod';
import { trainingStatus } from '../../domain/training/schema.ts';
import { timestamp } from '../../domain/values/schema.ts';
import { condition } from '../events.ts';
import { EXAMPLE_PROJECT, projectId } from '../method.ts';

export const registryInfo = z
  .object({
    version: z.string().describe('version of the format of the file, as "1.2"'),
    project_count: z.int().describe('how many projects there are'),
    counts: z
      .record(trainingStatus, z.int().describe('how many projects have this status'))
      .describe('projects by training status'),
    active_project: projectId.nullable().describe('id of the active project; null where none is'),
    file: z
      .string()
      .describe(
        'absolute path of the registry file behind any links, where it was last found; the link while that leads nowhere',
      ),
    ...condition,
    loaded_at: timestamp('when the content was last taken from the file as a whole'),
    cursor: z.string().describe('where the history stands, for registry.watch: `<epoch>:<sequence>`'),
  })
  .describe('the registry as a whole')
  .meta({ id: 'RegistryInfo' });

export const EXAMPLE_INFO: z.output<typeof registryInfo> = {
  version: '1.2',
  project_count: 1,
  counts: { not_started: 1, training: 0, completed: 0, failed: 0 },
  active_project: EXAMPLE_PROJECT.project_id,
  file: '/home/ada/.codebase-gardener/registry.json',
  read_only: false,
  problem: null,
  loaded_at: '2026-01-05T08:00:00.000Z',
  cursor: 'k3v9x2:1',
};
