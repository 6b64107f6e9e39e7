import { z } from 'zod';
import { TRAINING_STATUSES } from '../../domain/project.ts';
import { ISSUE_CODES } from '../../domain/issues.ts';
import { method, noParams } from '../method.ts';

const issue = z
  .object({
    code: z.enum(ISSUE_CODES),
    project_id: z.string().optional(),
    path: z.string().optional(),
    message: z.string(),
    fixable: z.boolean().describe('whether registry.repair can do something about it'),
  })
  .meta({ id: 'Issue' });

export const registryInfo = z
  .object({
    version: z.string(),
    project_count: z.int(),
    counts: z.record(z.enum(TRAINING_STATUSES), z.int()).describe('projects by training status'),
    active_project: z.string().nullable(),
    file: z.string(),
    read_only: z.boolean().describe('changes are refused until the problem is mended'),
    problem: z
      .object({
        kind: z.string(),
        message: z.string(),
        line: z.int().optional(),
        column: z.int().optional(),
        since: z.string(),
      })
      .nullable(),
    loaded_at: z.string(),
    cursor: z.string().describe('where the history stands: <epoch>:<sequence>'),
  })
  .meta({ id: 'RegistryInfo' });

const EXAMPLE_ISSUE = {
  code: 'source_missing',
  project_id: '0b7f6a52-6d4c-4f5e-9a6e-1c2d3e4f5a6b',
  path: '/home/ada/src/payments',
  message: 'the source path of "payments" does not exist',
  fixable: false,
} as const;

/** The registry as a whole. */
export const registryMethods = {
  'registry.info': method({
    kind: 'read',
    summary: 'Counts, the active project, and what is wrong with the file, if anything.',
    params: noParams,
    result: registryInfo,
    errors: [],
    example: {
      params: {},
      result: {
        version: '1.1',
        project_count: 1,
        counts: { not_started: 1, training: 0, completed: 0, failed: 0 },
        active_project: '0b7f6a52-6d4c-4f5e-9a6e-1c2d3e4f5a6b',
        file: '/home/ada/.codebase-gardener/registry.json',
        read_only: false,
        problem: null,
        loaded_at: '2026-01-05T08:00:00.000Z',
        cursor: 'k3v9x2:1',
      },
    },
  }),
  'registry.validate': method({
    kind: 'read',
    summary: 'Compares the registry with the disk.',
    params: noParams,
    result: z.object({ issues: z.array(issue) }),
    errors: [],
    example: { params: {}, result: { issues: [EXAMPLE_ISSUE] } },
  }),
  'registry.repair': method({
    kind: 'change',
    summary: 'Mends what registry.validate finds and calls fixable.',
    description:
      'Without `codes`, everything is mended but `orphan_dir`: removing a directory deletes data, so it is done only when named.',
    params: z.strictObject({ codes: z.array(z.enum(ISSUE_CODES)).optional().describe('only these') }),
    result: z.object({ fixed: z.array(issue), remaining: z.array(issue) }),
    errors: [],
    example: {
      params: { codes: ['project_dir_missing'] },
      result: { fixed: [], remaining: [EXAMPLE_ISSUE] },
    },
  }),
  'registry.reload': method({
    kind: 'change',
    summary: 'Looks at the file now instead of waiting for the watcher.',
    params: noParams,
    result: z.object({ changed: z.boolean().describe('whether another content was adopted') }),
    errors: [],
    example: { params: {}, result: { changed: false } },
  }),
};
