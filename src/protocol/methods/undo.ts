/** Taking back what was done. */
import { z } from 'zod';
import type { Undoable } from '../../domain/undo/take-back.ts';
import { timestamp, wordOf } from '../../domain/values/schema.ts';
import { EXAMPLE_PROJECT, method } from '../method.ts';
import { differing, dryRun, effect, leftBehind } from './effect.ts';

const operation = wordOf<Undoable>('UndoableOperation', 'what was done', {
  remove: 'a project was removed',
  repair: 'registry.repair mended something',
  restore: 'a backup took the place of the content, or projects of one were brought back',
  import: 'projects of another registry were taken',
});

export const undoMethods = {
  'registry.undo': method({
    kind: 'change',
    summary:
      'Takes back the last removal, repair, restore or import, with its directories; called again, the one before.',
    description:
      'What was changed since stays. Projects that were removed come back with what is in the trash of them; those that ' +
      'were brought go, unless they were changed since. Where there is nothing of an operation to take back, it is the ' +
      'one before; the last 20 can be taken back.',
    params: z.strictObject({
      dry_run: dryRun,
      id: z
        .string()
        .optional()
        .describe(
          'of the operation that was shown; where that is not the last any more, nothing is taken back; default the last',
        ),
      without_directories: z
        .boolean()
        .optional()
        .describe(
          'go on where a directory is in no trash though it should still be kept, as when its disk is not mounted; default false',
        ),
    }),
    result: z
      .object({
        undone: z
          .object({
            id: z.string().describe('to take back this one and no other'),
            operation: operation.describe('which operation it was'),
            at: timestamp('when it was done'),
            backup: z
              .string()
              .nullable()
              .describe('name of the backup of the content before it; null where that is kept no more'),
            effect: effect.describe('what was changed, or with `dry_run` would be'),
            kept: z
              .array(differing)
              .describe('projects that were changed since, and stay as they are in these fields'),
            directories: z
              .array(z.string())
              .describe('absolute paths of those that come back out of the trash'),
            missing: leftBehind.describe(
              'directories that are not there any more; the projects come back without',
            ),
            left: leftBehind.describe('directories that could not be put back, or not be taken away'),
          })
          .nullable()
          .describe(
            'what was taken back, or with `dry_run` would be; null where there is nothing to take back',
          ),
      })
      .describe('what became of it'),
    errors: ['project_exists', 'lease_held'],
    example: {
      params: { dry_run: true },
      result: {
        undone: {
          id: '1-2026-01-05T08:00:00.000Z',
          operation: 'remove',
          at: '2026-01-05T08:00:00.000Z',
          backup: 'registry-20260105T080000.000Z-remove.json',
          effect: {
            comes_back: [{ project_id: EXAMPLE_PROJECT.project_id, name: EXAMPLE_PROJECT.name }],
            goes: [],
            changes: [],
            stay: 0,
            active_project: {
              from: null,
              to: { project_id: EXAMPLE_PROJECT.project_id, name: EXAMPLE_PROJECT.name },
            },
          },
          kept: [],
          directories: [`/home/ada/.codebase-gardener/projects/${EXAMPLE_PROJECT.project_id}`],
          missing: [],
          left: [],
        },
      },
    },
  }),
} as const;
