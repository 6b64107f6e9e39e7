import { z } from 'zod';
import { MAX_PATH_BYTES } from '../../domain/limits.ts';
import { TRAINING_STATUSES } from '../../domain/project.ts';
import { ISSUE_CODES } from '../../domain/issues.ts';
import { condition, snapshot } from '../events.ts';
import { MAX_IMPORT_BYTES, MAX_LIST } from '../limits.ts';
import {
  absolutePath,
  EXAMPLE_PROJECT,
  method,
  MISSING,
  noParams,
  pathText,
  projectReference,
} from '../method.ts';
import { differing, dryRun, effect, named } from './effect.ts';
import { undoMethods } from './undo.ts';

const issue = z
  .object({
    code: z.enum(ISSUE_CODES),
    project_id: z.string().optional(),
    path: z.string().optional(),
    message: z.string(),
    fixable: z.boolean().describe('whether registry.repair can do something about it'),
    silent: z
      .literal(true)
      .optional()
      .describe('it cannot be told because a disk does not answer, which is another one perhaps'),
    remedy: z.string().optional().describe('what to do about it first, where registry.repair can do nothing'),
  })
  .meta({ id: 'Issue' });

const registryInfo = z
  .object({
    version: z.string(),
    project_count: z.int(),
    counts: z.record(z.enum(TRAINING_STATUSES), z.int()).describe('projects by training status'),
    active_project: z.string().nullable(),
    file: z.string().describe('behind any links, where it was last found; the link while that leads nowhere'),
    ...condition,
    loaded_at: z.string(),
    cursor: z.string().describe('where the history stands: <epoch>:<sequence>'),
  })
  .meta({ id: 'RegistryInfo' });

const codes = z.array(z.enum(ISSUE_CODES)).max(MAX_LIST).optional();
const EXAMPLE_ISSUE = {
  code: 'source_missing',
  project_id: EXAMPLE_PROJECT.project_id,
  path: EXAMPLE_PROJECT.source_path,
  message: 'the source path of "payments" is gone',
  fixable: false,
} as const;

const EXAMPLE_INFO: z.output<typeof registryInfo> = {
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

const EXAMPLE_BACKUP = {
  name: 'registry-20260105T080000.000Z-edit.json',
  created_at: '2026-01-05T08:00:00.000Z',
  reason: 'edit',
  project_count: 1,
  bytes: 1024,
};

/** The registry as a whole. */
export const registryMethods = {
  'registry.info': method({
    kind: 'read',
    summary: 'Counts, the active project, and what is wrong with the file, if anything.',
    params: noParams,
    result: registryInfo,
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
        .array(z.string())
        .max(MAX_LIST)
        .optional()
        .describe('only what is wrong with these, by id; default all'),
      codes: codes.describe('only these; default all'),
    }),
    result: z.object({ issues: z.array(issue) }),
    example: { params: {}, result: { issues: [EXAMPLE_ISSUE] } },
  }),
  'registry.repair': method({
    kind: 'change',
    summary: 'Mends what registry.validate finds and calls fixable.',
    description:
      'Without `codes`, everything is mended but `orphan_dir`: that moves what may be data to the trash, so it is done only ' +
      'when named. A project is marked for retraining only when its adapter is known to have been there.',
    params: z.strictObject({ codes: codes.describe('only these') }),
    result: z.object({ fixed: z.array(issue), remaining: z.array(issue) }),
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
    // It changes nothing of its own; that the file has a fault is in registry.info.
    never: ['registry_read_only'],
    example: { params: {}, result: { changed: false } },
  }),
  'registry.backups': method({
    kind: 'read',
    summary: 'Lists the kept earlier contents, newest first.',
    params: noParams,
    result: z.object({
      backups: z.array(
        z.object({
          name: z.string(),
          created_at: z.string(),
          reason: z
            .string()
            .describe('migration, edit, fault, remove, repair, restore, before-import, corrupt or last-good'),
          project_count: z.int().nullable().describe('null for one that cannot be read as a registry'),
          bytes: z.int(),
        }),
      ),
    }),
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
        .array(pathText.min(1).meta({ maxLength: MAX_PATH_BYTES }))
        .min(1)
        .max(MAX_LIST)
        .optional()
        .describe('ids or names in the backup; default the whole content'),
      dry_run: dryRun,
    }),
    result: registryInfo.extend({
      effect: effect.describe('what was changed, or with `dry_run` would be, under the names before'),
    }),
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
      content: z.string().optional().describe('the text of the file; either this or `file`'),
      file: absolutePath
        .optional()
        .describe(`a regular file, and no link, that the daemon can read; at most ${MAX_IMPORT_BYTES} bytes`),
      dry_run: dryRun,
    }),
    result: z.object({
      new: z.array(named),
      taken: z
        .array(named.extend({ by: z.string() }))
        .describe('left out, as a project here, with this source path, has the name'),
      different: z.array(differing).describe('here with other values, under the names there'),
      same: z.int().describe('how many are here as they are there'),
      imported: z.int().describe('0 with `dry_run`'),
      active_project: named.nullable().describe('the active one there, if it is new; it is not made active'),
    }),
    example: {
      params: { file: '/home/ada/old/registry.json', dry_run: true },
      result: { new: [], taken: [], different: [], same: 1, imported: 0, active_project: null },
    },
  }),
  ...undoMethods,
  'registry.watch': method({
    kind: 'control',
    summary: 'Subscribes to changes: registry.event notifications follow.',
    description:
      'Without a cursor the answer has every project, and everything after it follows; with one, everything after the cursor, ' +
      'and what is wrong with the file now, or that nothing is any more. The params of a registry.event are the ' +
      '`subscription`, the `cursor` after it, and a list of `events`.',
    params: z.strictObject({
      cursor: z.string().optional().describe('of an event or an earlier answer'),
      project: projectReference.optional().describe('only events about this one'),
      progress: z.boolean().optional().describe('also what trainers report; default false'),
    }),
    result: z.object({
      subscription: z.string(),
      cursor: z.string(),
      ...z.object(snapshot).partial().shape,
    }),
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
    params: z.strictObject({ subscription: z.string().describe('as registry.watch gave it') }),
    result: z.null(),
    example: { params: { subscription: 's1-k3v9x2' }, result: null },
  }),
};
