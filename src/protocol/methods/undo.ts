/** Taking back what was done. */
import { z } from 'zod';
import { UNDOABLE } from '../../domain/undo/take-back.ts';
import { EXAMPLE_PROJECT, method } from '../method.ts';
import { differing, dryRun, effect } from './effect.ts';

const staying = z.array(z.object({ path: z.string(), reason: z.string() }));

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
          'of the operation that was shown; where that is not the last any more, nothing is taken back',
        ),
      without_directories: z
        .boolean()
        .optional()
        .describe(
          'go on where a directory is in no trash though it should still be kept, as when its disk is not mounted; default false',
        ),
    }),
    result: z.object({
      undone: z
        .object({
          id: z.string().describe('to take back this one and no other'),
          operation: z.enum(UNDOABLE),
          at: z.string().describe('when it was done'),
          backup: z.string().nullable().describe('the content before it, where that is still kept'),
          effect: effect.describe('what was changed, or with `dry_run` would be'),
          kept: z.array(differing).describe('changed since, and left as it is in these fields'),
          directories: z.array(z.string()).describe('those that come back out of the trash'),
          missing: staying.describe(
            'directories that are not there any more; the projects come back without',
          ),
          left: staying.describe('directories that could not be put back, or not be taken away'),
        })
        .nullable()
        .describe('null where there is nothing to take back'),
    }),
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
