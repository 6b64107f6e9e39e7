import { z } from 'zod';
import { MAX_ERROR, MAX_METADATA_BYTES, MAX_PATH_BYTES, MAX_REASON } from '../../domain/limits.ts';
import type { Sort } from '../../domain/query.ts';
import { trainingStatus } from '../../domain/training/schema.ts';
import { wordOf } from '../../domain/values/schema.ts';
import {
  absolutePath,
  EXAMPLE_PROJECT,
  ifEtag,
  method,
  MISSING,
  pathText,
  projectId,
  projectReference,
  wireProject,
  toChange,
} from '../method.ts';
import { activeMethods } from './active.ts';
import { leftBehind } from './effect.ts';
import { language, metadata, name, ownPath, path, repository, tags } from './fields.ts';

const sort = wordOf<Sort>('Sort', 'an order of projects', {
  name: 'from a to z',
  created_at: 'the latest first',
  last_updated: 'the latest first',
  last_used: 'the latest first, and those that never were used last',
  status: 'by the name of the training status, from a to z',
});
/** What a change of a project answers. */
const changed = wireProject.describe('the project as it is now');

/** One project, or many of them. */
export const projectMethods = {
  'projects.register': method({
    kind: 'change',
    summary: 'Registers a codebase; the first one becomes active.',
    params: z.strictObject({
      name,
      source_path: path.describe('absolute path of the codebase, a directory that exists'),
      language: language.optional().describe('main programming language; default "python"'),
      tags: tags.optional().describe('words to find it by; default none'),
      metadata: metadata.optional(),
      repository: repository.describe(
        'what tells the repository wherever it lies; default null, but the clients of TypeScript and Python ask git',
      ),
      activate: z
        .boolean()
        .optional()
        .describe('make it the active project; default false, but the first one becomes active'),
      if_exists: z
        .enum(['error', 'return'])
        .optional()
        .describe(
          'what to do where a project has the name: "return" gives that one if its source_path is the same, too, and else as "error", which refuses with project_exists; default "error"',
        ),
    }),
    result: wireProject.describe('the new project, or with `if_exists` the one that there was'),
    errors: ['project_exists', 'invalid_name', 'source_path_missing'],
    example: {
      params: {
        name: 'payments',
        source_path: '/home/ada/src/payments',
        language: 'typescript',
        tags: ['work'],
        repository: EXAMPLE_PROJECT.repository,
      },
      result: { ...EXAMPLE_PROJECT, file_count: 0 },
    },
  }),
  'projects.get': method({
    kind: 'read',
    summary: 'Gives one project.',
    params: z.strictObject({ project: projectReference, to_change: toChange }),
    result: wireProject.describe('the project'),
    errors: MISSING,
    example: { params: { project: 'payments' }, result: EXAMPLE_PROJECT },
  }),
  'projects.list': method({
    kind: 'read',
    summary: 'Gives the projects that fit, in file order unless sorted.',
    description:
      'Sorted by a time, the latest come first and those without one last; by name or status, from a to z. ' +
      'Without `limit` everything comes in one answer.',
    params: z.strictObject({
      status: trainingStatus.optional().describe('only with this training status; default any'),
      language: z.string().optional().describe('only of this language, in this spelling; default any'),
      tag: z.string().optional().describe('only with this tag, in this spelling; default any'),
      source_path: absolutePath.optional().describe('only with exactly this source path; default any'),
      query: pathText
        .optional()
        .describe('only with this in the name, source path or a tag, without regard to case; default any'),
      beginning: pathText
        .optional()
        .describe(
          'only those whose name begins with this, without regard to case; where none does, whose id does; default any',
        ),
      sort: sort.optional().describe('in this order; default as in the file'),
      limit: z.int().min(1).optional().describe('at most so many; default all'),
      cursor: z
        .string()
        .max(MAX_PATH_BYTES)
        .optional()
        .describe('go on there: `next_cursor` of the page before; default from the start'),
    }),
    result: z
      .object({
        projects: z.array(wireProject).describe('those that fit, `limit` of them at most'),
        next_cursor: z
          .string()
          .nullable()
          .describe('`cursor` for the next page; null where there is nothing more'),
      })
      .describe('a page of projects'),
    example: {
      params: { tag: 'work', sort: 'name', limit: 10 },
      result: { projects: [EXAMPLE_PROJECT], next_cursor: null },
    },
  }),
  'projects.count': method({
    kind: 'read',
    summary: 'Counts the projects.',
    params: z.strictObject({
      status: trainingStatus.optional().describe('only with this training status; default any'),
    }),
    result: z.int().describe('how many there are'),
    example: { params: { status: 'completed' }, result: 0 },
  }),
  'projects.update': method({
    kind: 'change',
    summary: 'Changes what is given and nothing else.',
    params: z.strictObject({
      project: projectReference,
      if_etag: ifEtag,
      name: name.optional(),
      source_path: path
        .optional()
        .describe('absolute path of the codebase, a directory that exists; default as it is'),
      language: language.optional().describe('main programming language; default as it is'),
      file_count: z.int().min(0).optional().describe('files in the codebase; default as it is'),
      tags: tags
        .optional()
        .describe('all of them: they replace those that there are; default those that there are'),
      metadata: metadata
        .optional()
        .describe(
          `merged key by key into what there is, and null deletes a key; at most ${MAX_METADATA_BYTES} bytes as compact JSON in the end; default as it is`,
        ),
      lora_adapter_path: ownPath('the adapter in service'),
      vector_store_path: ownPath('the vectors in service'),
      context_path: ownPath('the context in service'),
      repository: repository.describe(
        'what tells the repository wherever it lies, or null for none; default as it is',
      ),
    }),
    result: changed,
    errors: [...MISSING, 'project_exists', 'invalid_name', 'source_path_missing', 'etag_mismatch'],
    example: { params: { project: 'payments', file_count: 412 }, result: EXAMPLE_PROJECT },
  }),
  'projects.move': method({
    kind: 'change',
    summary: 'Notes that codebases lie elsewhere now. Moves no files.',
    description:
      'Takes either `project`, one that lies in `to` now, or `from`, a directory that has become `to`: all projects at or ' +
      'below it, as they are written or behind links, follow in one change, whether they are there or not: a client that ' +
      'asks for a person looks first. `others` is there only where other projects are at the same places: a path there ' +
      'means none of them alone.',
    params: z.strictObject({
      project: projectReference.optional().describe('the one that lies elsewhere; either this or `from`'),
      from: path.optional().describe('absolute path that the directory had; either this or `project`'),
      to: path.describe('absolute path of where it is now, a directory that exists'),
      dry_run: z.boolean().optional().describe('tell what would be, and change nothing; default false'),
    }),
    result: z
      .object({
        projects: z
          .array(wireProject)
          .describe('those that were meant, as they are now, or with `dry_run` would be'),
        others: z
          .array(wireProject)
          .optional()
          .describe('those that were at such a place already; missing where none were'),
      })
      .describe('the projects at the new places'),
    errors: [...MISSING, 'source_path_missing'],
    example: {
      params: { from: '/home/ada/projects', to: '/home/ada/src' },
      result: { projects: [EXAMPLE_PROJECT] },
    },
  }),
  'projects.set_status': method({
    kind: 'change',
    summary: 'Sets the training status without a lease.',
    params: z.strictObject({
      project: projectReference,
      status: trainingStatus.describe('the new one'),
      error: z
        .string()
        .max(MAX_ERROR)
        .optional()
        .describe('why it failed, for `training.error`; with status "failed" only; default none'),
      if_etag: ifEtag,
    }),
    result: changed,
    errors: [...MISSING, 'etag_mismatch', 'lease_held'],
    example: { params: { project: 'payments', status: 'not_started' }, result: EXAMPLE_PROJECT },
  }),
  'projects.remove': method({
    kind: 'change',
    summary:
      'Takes a project out of the registry and its own directory away, to the trash; the codebase stays.',
    description:
      "A path means the project only when it is the project's own `source_path`, and not when it lies in it. " +
      'The directory is moved to `<data>/trash/` in one step, kept there for seven days, and deleted then. ' +
      'Nothing is deleted through a link. `left` is there only when something could not be moved: the project is out ' +
      'of the registry all the same, registry.validate names what stays as `left_behind`, and a repair tries again. `kept` ' +
      "is there only when adapter, vectors or context lie outside of the project's own directory: no removal touches that.",
    params: z.strictObject({
      project: projectReference,
      keep_files: z
        .boolean()
        .optional()
        .describe("leave the project's own directory where it is; default false"),
      force: z
        .boolean()
        .optional()
        .describe('also while somebody trains it, whose lease is lost then; default false'),
      if_etag: ifEtag,
    }),
    result: z
      .object({
        project_id: projectId.describe('id of the project that is gone'),
        active_project: projectId
          .nullable()
          .describe('id of the project that is active now; null where none is'),
        left: leftBehind.optional().describe('what could not be moved away; missing where everything could'),
        kept: leftBehind
          .optional()
          .describe(
            'what stays because it is not in the directory of the project; missing where nothing does',
          ),
      })
      .describe('what became of it'),
    errors: [...MISSING, 'etag_mismatch', 'lease_held'],
    example: {
      params: { project: 'payments' },
      result: { project_id: EXAMPLE_PROJECT.project_id, active_project: null },
    },
  }),
  'projects.touch': method({
    kind: 'change',
    summary: 'Notes that a project was used now.',
    params: z.strictObject({ project: projectReference }),
    result: changed,
    errors: MISSING,
    example: {
      params: { project: 'payments' },
      result: { ...EXAMPLE_PROJECT, last_used: '2026-01-05T10:00:00.000Z' },
    },
  }),
  'projects.retrain': method({
    kind: 'change',
    summary: 'Marks a project as waiting for training.',
    params: z.strictObject({
      project: projectReference,
      reason: z.string().max(MAX_REASON).optional().describe('why, for whoever trains it; default none'),
    }),
    result: changed,
    errors: [...MISSING, 'lease_held'],
    example: {
      params: { project: 'payments', reason: 'new base model' },
      result: {
        ...EXAMPLE_PROJECT,
        retrain_requested: { at: '2026-01-05T10:00:00.000Z', reason: 'new base model' },
      },
    },
  }),
  ...activeMethods,
};
