/** Other contents of the registry: earlier ones, and those of other files. */
import { z } from 'zod';
import { MAX_PATH_BYTES } from '../../domain/limits.ts';
import { timestamp } from '../../domain/values/schema.ts';
import { MAX_IMPORT_BYTES, MAX_LIST } from '../limits.ts';
import { absolutePath, method, noParams, pathText } from '../method.ts';
import { differing, dryRun, effect, named } from './effect.ts';
import { EXAMPLE_INFO, registryInfo } from './registry-info.ts';
import { undoMethods } from './undo.ts';

const backup = z
  .object({
    name: z.string().describe('name of the file in `<data>/backups/`, for registry.restore'),
    created_at: timestamp('when it was made'),
    reason: z
      .string()
      .describe(
        'why it was made. `migration`: an older version of the format was to be written over; `edit`: the file was edited; `fault`: what was served while the file was no good; `remove`, `repair`, `restore`, `before-import`: that was to be done; `corrupt`: the file was no good at a start; `last-good`: a copy of what holds, at most ten seconds behind',
      ),
    project_count: z
      .int()
      .nullable()
      .describe('how many projects it has; null for one that cannot be read as a registry'),
    bytes: z.int().describe('length of the file'),
  })
  .describe('an earlier content of the registry')
  .meta({ id: 'Backup' });

const EXAMPLE_BACKUP = {
  name: 'registry-20260105T080000.000Z-edit.json',
  created_at: '2026-01-05T08:00:00.000Z',
  reason: 'edit',
  project_count: 1,
  bytes: 1024,
};

export const contentMethods = {
  'registry.backups': method({
    kind: 'read',
    summary: 'Lists the kept earlier contents, newest first.',
    params: noParams,
    result: z
      .object({ backups: z.array(backup).describe('the newest first') })
      .describe('the earlier contents that are kept'),
    errors: ['storage_failed'],
    example: { params: {}, result: { backups: [EXAMPLE_BACKUP] } },
  }),
  'registry.restore': method({
    kind: 'change',
    summary: 'Takes the content of a backup; what it replaces becomes a backup.',
    description:
      'The way out of an invalid outside edit. With `projects`, only these are brought back, into the registry as it is.',
    params: z.strictObject({
      name: z.string().describe('as registry.backups gives it'),
      projects: z
        .array(
          pathText
            .min(1)
            .meta({ maxLength: MAX_PATH_BYTES })
            .describe('a project id, or a name without regard to case'),
        )
        .min(1)
        .max(MAX_LIST)
        .optional()
        .describe('only these projects of the backup, by id or name; default the whole content'),
      dry_run: dryRun,
    }),
    result: registryInfo
      .extend({
        effect: effect.describe('what was changed, or with `dry_run` would be, under the names before'),
      })
      .describe('the registry as it is now, and what was changed'),
    errors: ['backup_not_found', 'project_not_found', 'project_exists'],
    example: {
      params: { name: EXAMPLE_BACKUP.name },
      result: { ...EXAMPLE_INFO, effect: { comes_back: [], goes: [], changes: [], stay: 1 } },
    },
  }),
  'registry.import': method({
    kind: 'change',
    summary: 'Takes the projects of another registry file that are not here, as they are there.',
    description:
      'As `content`, or as `file` where that is longer than a request can be; of any version up to this one. It is one ' +
      'change; adapters stay where they are. What is here already stays as it is.',
    params: z.strictObject({
      content: z.string().optional().describe('the text of the registry file; either this or `file`'),
      file: absolutePath
        .optional()
        .describe(
          `absolute path of a regular file, and no link, that the daemon can read; at most ${MAX_IMPORT_BYTES} bytes; either this or \`content\``,
        ),
      dry_run: dryRun,
    }),
    result: z
      .object({
        new: z.array(named).describe('projects that were taken, or with `dry_run` would be'),
        taken: z
          .array(
            z
              .object({
                ...named.shape,
                by: z.string().describe('source path of the project here that has the name'),
              })
              .describe('a project whose name another one here has'),
          )
          .describe('left out, as a project here has the name'),
        different: z
          .array(differing)
          .describe('here with other values, and left as they are; under the names there'),
        same: z.int().describe('how many are here as they are there'),
        imported: z.int().describe('how many were taken; 0 with `dry_run`'),
        active_project: named
          .nullable()
          .describe('the active one there, if it is new; it is not made active; null otherwise'),
      })
      .describe('what became of the projects of the file'),
    example: {
      params: { file: '/home/ada/old/registry.json', dry_run: true },
      result: { new: [], taken: [], different: [], same: 1, imported: 0, active_project: null },
    },
  }),
  ...undoMethods,
};
