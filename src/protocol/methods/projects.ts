import { z } from 'zod';
import {
  MAX_ERROR,
  MAX_METADATA_BYTES,
  MAX_PATH_BYTES,
  MAX_REASON,
  MAX_REMOTE,
} from '../../domain/limits.ts';
import { RESOLVED_BY } from '../../domain/places/resolve.ts';
import { MAX_TAGS, TRAINING_STATUSES } from '../../domain/project.ts';
import { SORTS } from '../../domain/query.ts';
import { jsonObject } from '../../domain/schema.ts';
import { FORBIDDEN, MAX_NAME_LENGTH } from '../../domain/values/names.ts';
import {
  absolutePath,
  EXAMPLE_PROJECT,
  ifEtag,
  method,
  MISSING,
  noParams,
  optionalReference,
  pathText,
  projectReference,
  wireProject,
  toChange,
} from '../method.ts';

const status = z.enum(TRAINING_STATUSES);
const name = z.string();
const language = z.string().min(1).max(64);
const tag = z.string().min(1).max(64);
const tags = z.array(tag).max(MAX_TAGS);
const metadata = jsonObject.describe(`any JSON object, at most ${MAX_METADATA_BYTES} bytes serialised`);
const path = absolutePath.describe('an absolute path');
const ownPath = path.nullable().optional().describe('an absolute path, or null for none');
const repository = z
  .strictObject({
    root_commit: z
      .string()
      .regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'must be the id of a commit')
      .nullable()
      .describe('id of the first commit; null where it is not known, as in a shallow clone'),
    remote: z
      .string()
      .min(1)
      .max(MAX_REMOTE)
      .nullable()
      .describe('host and path it is fetched from: host in lower case, no scheme, no user, no ".git"'),
  })
  .nullable()
  .optional();
const staying = z
  .array(z.object({ path: z.string(), reason: z.string().describe('why it stays') }))
  .optional();
const NAME = `unique without regard to case; at most ${MAX_NAME_LENGTH} characters, none of ${FORBIDDEN}`;

/** One project, or many of them. */
export const projectMethods = {
  'projects.register': method({
    kind: 'change',
    summary: 'Registers a codebase; the first one becomes active.',
    params: z.strictObject({
      name: name.describe(NAME),
      source_path: path,
      language: language.optional().describe('default "python"'),
      tags: tags.optional().describe('default none'),
      metadata: metadata.optional(),
      repository: repository.describe(
        'what tells the repository wherever it lies; default null, but the clients of TypeScript and Python ask git',
      ),
      activate: z.boolean().optional().describe('make it the active project'),
      if_exists: z
        .enum(['error', 'return'])
        .optional()
        .describe('"return" gives the existing project if its source_path is the same too; default "error"'),
    }),
    result: wireProject,
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
    result: wireProject,
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
      status: status.optional().describe('only with this training status'),
      language: z.string().optional().describe('only in this language'),
      tag: z.string().optional().describe('only with this tag'),
      source_path: absolutePath.optional().describe('exactly this path'),
      query: pathText.optional().describe('part of a name, path or tag, without regard to case'),
      beginning: pathText
        .optional()
        .describe('of a name, without regard to case; where no name has it, of an id'),
      sort: z.enum(SORTS).optional().describe('default: as in the file'),
      limit: z.int().min(1).optional().describe('at most so many; default all'),
      cursor: z.string().max(MAX_PATH_BYTES).optional().describe('`next_cursor` of the page before'),
    }),
    result: z.object({ projects: z.array(wireProject), next_cursor: z.string().nullable() }),
    example: {
      params: { tag: 'work', sort: 'name', limit: 10 },
      result: { projects: [EXAMPLE_PROJECT], next_cursor: null },
    },
  }),
  'projects.count': method({
    kind: 'read',
    summary: 'Counts the projects.',
    params: z.strictObject({ status: status.optional().describe('only with this training status') }),
    result: z.int(),
    example: { params: { status: 'completed' }, result: 0 },
  }),
  'projects.update': method({
    kind: 'change',
    summary: 'Changes what is given and nothing else.',
    params: z.strictObject({
      project: projectReference,
      if_etag: ifEtag,
      name: name.optional().describe(NAME),
      source_path: path.optional(),
      language: language.optional().describe('main programming language'),
      file_count: z.int().min(0).optional().describe('files in the codebase'),
      tags: tags.optional().describe('all of them: replaces those that there are'),
      metadata: metadata.optional().describe('merged key by key; null deletes a key'),
      lora_adapter_path: ownPath,
      vector_store_path: ownPath,
      context_path: ownPath,
      repository: repository.describe('what tells the repository wherever it lies, or null for none'),
    }),
    result: wireProject,
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
      project: projectReference.optional().describe('the one that lies elsewhere'),
      from: path.optional().describe('absolute path that the directory had'),
      to: path.describe('absolute path, which must exist'),
      dry_run: z.boolean().optional().describe('tell what would be, and change nothing'),
    }),
    result: z.object({
      projects: z.array(wireProject).describe('those that were meant, as they are now'),
      others: z.array(wireProject).optional().describe('those that were at such a place already'),
    }),
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
      status: status.describe('the new one'),
      error: z.string().max(MAX_ERROR).optional().describe('why it failed; with status "failed" only'),
      if_etag: ifEtag,
    }),
    result: wireProject,
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
      keep_files: z.boolean().optional().describe("leave the project's own directory"),
      force: z.boolean().optional().describe('also while somebody trains it'),
      if_etag: ifEtag,
    }),
    result: z.object({
      project_id: z.string(),
      active_project: z.string().nullable(),
      left: staying.describe('what could not be moved away'),
      kept: staying.describe('what stays because it is not in the directory of the project'),
    }),
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
    result: wireProject,
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
      reason: z.string().max(MAX_REASON).optional().describe('for whoever trains it'),
    }),
    result: wireProject,
    errors: [...MISSING, 'lease_held'],
    example: {
      params: { project: 'payments', reason: 'new base model' },
      result: {
        ...EXAMPLE_PROJECT,
        retrain_requested: { at: '2026-01-05T10:00:00.000Z', reason: 'new base model' },
      },
    },
  }),
  'projects.activate': method({
    kind: 'change',
    summary: 'Makes a project the active one, or none.',
    params: z.strictObject({
      project: projectReference.nullable().describe('a reference, or null for no active project'),
    }),
    result: z.object({ active_project: wireProject.nullable() }),
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
    result: z.object({
      active_project: wireProject.nullable(),
      previous_project: wireProject.nullable().describe('the one before that, if it is still there'),
    }),
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
      project: projectReference.optional().describe('what the person named'),
      env: optionalReference
        .optional()
        .describe("the environment's CODEBASE_GARDENER_PROJECT; empty counts as absent"),
      cwd: absolutePath.optional().describe('absolute path of the working directory'),
      to_change: toChange,
    }),
    result: z.object({ project: wireProject, resolved_by: z.enum(RESOLVED_BY) }),
    errors: MISSING,
    example: {
      params: { cwd: '/home/ada/src/payments/api' },
      result: { project: EXAMPLE_PROJECT, resolved_by: 'cwd' },
    },
  }),
};
