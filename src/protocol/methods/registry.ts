import { z } from 'zod';
import type { IssueCode } from '../../domain/issues.ts';
import { wordOf } from '../../domain/values/schema.ts';
import { snapshot } from '../events.ts';
import { MAX_LIST } from '../limits.ts';
import {
  EXAMPLE_PROJECT,
  method,
  MISSING,
  noParams,
  nothing,
  projectId,
  projectReference,
} from '../method.ts';
import { contentMethods } from './contents.ts';
import { EXAMPLE_INFO, registryInfo } from './registry-info.ts';

const issueCode = wordOf<IssueCode>('IssueCode', 'what can be wrong between the registry and the disk', {
  source_missing: 'the codebase is not where the project says',
  source_unreachable: 'whether the codebase is there cannot be told',
  project_dir_missing: "the project's own directory is gone",
  orphan_dir: 'a directory under `projects/` belongs to no project',
  left_behind: 'something could not be moved to the trash, or deleted in it when that was due',
  adapter_missing: 'training completed, and there is no adapter',
  adapter_unreachable: 'training completed, and whether the adapter is there cannot be told',
  active_missing: 'the active project does not exist',
  training_stale: 'the status is `training`, and nobody trains',
});

const issue = z
  .object({
    code: issueCode.describe('what kind of issue it is'),
    project_id: projectId
      .optional()
      .describe('id of the project that it is about; missing where it is about none'),
    path: z.string().optional().describe('absolute path of what it is about; missing where it is about none'),
    message: z.string().describe('what is wrong, for people'),
    fixable: z.boolean().describe('whether registry.repair can do something about it'),
    silent: z
      .literal(true)
      .optional()
      .describe(
        'it cannot be told because a disk does not answer, which is another one perhaps; missing otherwise',
      ),
    remedy: z
      .string()
      .optional()
      .describe(
        'what to do about it first, where registry.repair can do nothing; missing where the message says enough',
      ),
  })
  .describe('something that is wrong between the registry and the disk')
  .meta({ id: 'Issue' });

const codes = z.array(issueCode).max(MAX_LIST).optional();
const EXAMPLE_ISSUE = {
  code: 'source_missing',
  project_id: EXAMPLE_PROJECT.project_id,
  path: EXAMPLE_PROJECT.source_path,
  message: 'the source path of "payments" is gone',
  fixable: false,
} as const;

/** With a cursor, events that follow tell it. */
const unlessResumed = <T extends z.ZodType>(schema: T) =>
  schema.optional().describe(`${schema.description ?? ''}; missing with \`cursor\``);

/** The registry as a whole. */
export const registryMethods = {
  'registry.info': method({
    kind: 'read',
    summary: 'Counts, the active project, and what is wrong with the file, if anything.',
    params: noParams,
    result: registryInfo.describe('the registry as it is now'),
    example: { params: {}, result: EXAMPLE_INFO },
  }),
  'registry.validate': method({
    kind: 'read',
    summary: 'Compares the registry with the disk.',
    description:
      'Answers within seconds also where a disk does not: what cannot be told is `source_unreachable` or ' +
      '`adapter_unreachable`, and not missing. Only what is asked for is looked at: one code is found out sooner than all.',
    params: z.strictObject({
      projects: z
        .array(projectId)
        .max(MAX_LIST)
        .optional()
        .describe('only what is wrong with these projects, by id; default all'),
      codes: codes.describe('only these kinds of issues; default all'),
    }),
    result: z
      .object({ issues: z.array(issue).describe('none where nothing is wrong') })
      .describe('what is wrong'),
    example: { params: {}, result: { issues: [EXAMPLE_ISSUE] } },
  }),
  'registry.repair': method({
    kind: 'change',
    summary: 'Mends what registry.validate finds and calls fixable.',
    description:
      'Without `codes`, everything is mended but `orphan_dir`: that moves what may be data to the trash, so it is done only ' +
      'when named. A project is marked for retraining only when its adapter is known to have been there.',
    params: z.strictObject({
      codes: codes.describe('only these kinds of issues; default all but `orphan_dir`'),
    }),
    result: z
      .object({
        fixed: z.array(issue).describe('what was mended, as it was before'),
        remaining: z.array(issue).describe('what is wrong still'),
      })
      .describe('what became of the issues'),
    example: {
      params: { codes: ['project_dir_missing'] },
      result: { fixed: [], remaining: [EXAMPLE_ISSUE] },
    },
  }),
  'registry.reload': method({
    kind: 'change',
    summary: 'Looks at the file now instead of waiting for the watcher.',
    params: noParams,
    result: z
      .object({ changed: z.boolean().describe('whether another content was taken over') })
      .describe('what it found'),
    // It changes nothing of its own; that the file has a fault is in registry.info.
    never: ['registry_read_only'],
    example: { params: {}, result: { changed: false } },
  }),
  ...contentMethods,
  'registry.watch': method({
    kind: 'control',
    summary: 'Subscribes to changes: registry.event notifications follow.',
    description:
      'Without a cursor the answer has every project, and everything after it follows; with one, everything after the cursor, ' +
      'and what is wrong with the file now, or that nothing is any more. The params of a registry.event are the ' +
      '`subscription`, the `cursor` after it, and a list of `events`.',
    params: z.strictObject({
      cursor: z
        .string()
        .optional()
        .describe('go on after this, of an event or an earlier answer; default with what holds now'),
      project: projectReference.optional().describe('only events about this project; default about all'),
      progress: z
        .boolean()
        .optional()
        .describe('also `progress` events: what trainers report; default false'),
    }),
    result: z
      .object({
        subscription: z.string().describe('id of the subscription, which its notifications have'),
        cursor: z.string().describe('where what follows begins: `<epoch>:<sequence>`'),
        projects: unlessResumed(snapshot.projects),
        active_project: unlessResumed(snapshot.active_project),
        problem: unlessResumed(snapshot.problem),
        read_only: unlessResumed(snapshot.read_only),
      })
      .describe(
        'the subscription, and without `cursor` what holds now; what follows comes in registry.event notifications',
      ),
    errors: ['cursor_expired', ...MISSING],
    example: {
      params: {},
      result: {
        subscription: 's1-k3v9x2',
        cursor: 'k3v9x2:1',
        projects: [EXAMPLE_PROJECT],
        active_project: EXAMPLE_PROJECT.project_id,
        problem: null,
        read_only: false,
      },
    },
  }),
  'registry.unwatch': method({
    kind: 'control',
    summary: 'Ends a subscription of this connection.',
    params: z.strictObject({
      subscription: z.string().describe('id of the subscription, as registry.watch gave it'),
    }),
    result: nothing,
    example: { params: { subscription: 's1-k3v9x2' }, result: null },
  }),
};
