/** Which project is active, and which is meant. */
import { z } from 'zod';
import type { ResolvedBy } from '../../domain/places/resolve.ts';
import { wordOf } from '../../domain/values/schema.ts';
import {
  absolutePath,
  EXAMPLE_PROJECT,
  method,
  MISSING,
  noParams,
  optionalReference,
  projectReference,
  toChange,
  wireProject,
} from '../method.ts';

const resolvedBy = wordOf<ResolvedBy>('ResolvedBy', 'why it is this project', {
  argument: '`project` named it',
  env: '`env` named it',
  cwd: 'it contains `cwd`',
  worktree: '`cwd` lies in a worktree of its repository',
  active: 'it is the active one',
});

export const activeMethods = {
  'projects.activate': method({
    kind: 'change',
    summary: 'Makes a project the active one, or none.',
    params: z.strictObject({
      project: projectReference
        .nullable()
        .describe(
          'a project id, a name without regard to case, or an absolute path in the codebase; null for no active project',
        ),
    }),
    result: z
      .object({
        active_project: wireProject.nullable().describe('the one that is active now; null for none'),
      })
      .describe('which project is active'),
    errors: MISSING,
    example: {
      params: { project: 'payments' },
      result: { active_project: { ...EXAMPLE_PROJECT, last_used: '2026-01-05T10:00:00.000Z' } },
    },
  }),
  'projects.active': method({
    kind: 'read',
    summary: 'Gives the active project, and the one that was active before.',
    params: noParams,
    result: z
      .object({
        active_project: wireProject.nullable().describe('null where none is'),
        previous_project: wireProject
          .nullable()
          .describe('the one that was active before that; null where none was, or it is no more'),
      })
      .describe('which project is active, and which one was before'),
    example: { params: {}, result: { active_project: EXAMPLE_PROJECT, previous_project: null } },
  }),
  'projects.resolve': method({
    kind: 'read',
    summary: 'Tells which project a program should work on, and why.',
    description:
      'The first of `project`, `env`, `cwd` and the active project that is given counts, and nothing that is not given, ' +
      'such as the environment of the caller; one that is given and matches nothing is an error, except `cwd` on a disk that answers. A path, also as a reference, means the deepest ' +
      'project that contains it, as it is written or behind links. In a linked git worktree or a jj workspace (`resolved_by: "worktree"`) it ' +
      'means the project of the same place in the main worktree, unless a project is registered in the worktree itself.',
    params: z.strictObject({
      project: projectReference.optional().describe('what the person named; default nothing'),
      env: optionalReference
        .optional()
        .describe("the caller's CODEBASE_GARDENER_PROJECT, a reference; empty counts as not given"),
      cwd: absolutePath.optional().describe('absolute path of the working directory; default none'),
      to_change: toChange,
    }),
    result: z
      .object({
        project: wireProject.describe('the one to work on'),
        resolved_by: resolvedBy.describe('why it is this one'),
      })
      .describe('the project that is meant'),
    errors: MISSING,
    example: {
      params: { cwd: '/home/ada/src/payments/api' },
      result: { project: EXAMPLE_PROJECT, resolved_by: 'cwd' },
    },
  }),
};
