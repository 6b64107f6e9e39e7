/**
 * What subscribers are told: every type of event, declared once. Types, `rpc.discover` and the documentation follow from
 * it; how an event is written is in `src/services/feed/event-text.ts`.
 */
import { z } from 'zod';
import type { Origin } from '../domain/draft.ts';
import { outcome } from '../domain/training/schema.ts';
import { timestamp, wordOf } from '../domain/values/schema.ts';
import { EXAMPLE_PROJECT, projectId, wireProject } from './method.ts';
import { EXAMPLE_TRAINING } from './methods/training.ts';

const problemKind = wordOf('ProblemKind', 'what can be wrong with the registry file', {
  invalid_file: 'it is no good; what was read last is served',
  deleted_file: 'it is gone',
  dangling_link: 'it is a link that leads nowhere',
  newer_version: 'it is of a newer version, and can only be read',
  recovered: 'at the start, a backup took its place, or what cannot be used in it was left out',
  unreadable_file: 'the last look at it failed',
  copy_failed: 'no copy of it can be made in `backups/`; changes go on',
  blocked_edit: 'an edit cannot be taken over, as the content before it cannot be kept',
  failed_write: 'the last write failed; nothing is refused, and the next change tries again',
});

export const problem = z
  .object({
    kind: problemKind.describe('what kind of problem it is'),
    message: z.string().describe('what is wrong, for people'),
    line: z.int().optional().describe('line of the file, from 1; missing where it is about no place in it'),
    column: z.int().optional().describe('column of that line, from 1; missing without `line`'),
    remedy: z.string().optional().describe('what to do about it; missing where that goes without saying'),
    since: timestamp('since when'),
  })
  .describe('what is wrong with the registry file')
  .meta({ id: 'Problem' });
const readOnly = z.boolean().describe('whether changes are refused until the problem is mended');

/** How the file stands. */
export const condition = {
  problem: problem.nullable().describe('what is wrong with the file; null for nothing'),
  read_only: readOnly,
};

/** What holds now: what a subscription begins with, and what takes the place of events that were left out. */
export const snapshot = {
  projects: z.array(wireProject).describe('every project; with `project`, only that one if it is there'),
  active_project: projectId.nullable().describe('id of the active project; null where none is'),
  ...condition,
};

const origin = wordOf<Origin>('Origin', 'where a change comes from', {
  rpc: 'a call, or the daemon itself',
  file: 'an edit of the file, or how the file stands',
});

/** Declares a type of event: when it is told, and what it has beside `type`, `origin` and `at`. */
function event<const T extends string, F extends z.ZodRawShape>(
  type: T,
  summary: string,
  fields: F,
  example: z.output<z.ZodObject<F>>,
  from: Origin = 'rpc',
) {
  const schema = z.object({
    type: z.literal(type).describe('which event it is'),
    ...fields,
    origin: origin.describe('a call, or an edit of the file'),
    at: timestamp('when it was so'),
  });
  return {
    type,
    summary,
    schema,
    example: { type, ...example, origin: from, at: '2026-01-05T10:00:00.000Z' },
  };
}

const project_id = projectId;
const project = wireProject.describe('the project as it is now');
const previous = wireProject.describe('the project before');
const EXAMPLE = { project_id: EXAMPLE_PROJECT.project_id, project: EXAMPLE_PROJECT };
export const EXAMPLE_PROBLEM: z.output<typeof problem> = {
  kind: 'invalid_file',
  message: 'the registry file is not valid JSON: value expected',
  line: 3,
  column: 15,
  since: '2026-01-05T10:00:00.000Z',
};

/** Every type of event, in the order of the documentation. */
export const events = [
  event('registered', 'A project is new.', { project_id, project }, EXAMPLE),
  event(
    'updated',
    'Fields of a project changed.',
    { project_id, project, previous },
    { ...EXAMPLE, previous: { ...EXAMPLE_PROJECT, tags: [], etag: '77c0d1e5b2a94f38' } },
  ),
  event(
    'removed',
    'A project is gone.',
    { project_id, previous },
    { project_id: EXAMPLE.project_id, previous: EXAMPLE_PROJECT },
  ),
  event(
    'activated',
    'Another project is active, or none.',
    {
      project_id: project_id.nullable().describe('id of the active project; null for none'),
      project: project
        .optional()
        .describe('the active project; missing where none is active, or one that does not exist'),
      previous: projectId.nullable().describe('id of the one that was active before; null for none'),
    },
    { ...EXAMPLE, previous: null },
  ),
  event(
    'training',
    'The training of a project began or ended, or its record changed.',
    {
      project_id,
      project,
      previous,
      outcome: outcome
        .optional()
        .describe(
          'how the lease ended; the status does not tell, as what is released gets back its own; missing where none ended',
        ),
    },
    { ...EXAMPLE, previous: EXAMPLE_TRAINING, outcome: 'released' },
  ),
  event(
    'progress',
    'A trainer has reported, or its end is foreseen; only for who asks for progress.',
    { project_id, project },
    { ...EXAMPLE, project: EXAMPLE_TRAINING },
  ),
  event(
    'problem',
    'The file cannot be used, or a write failed.',
    { problem: problem.describe('what is wrong with the file'), read_only: readOnly },
    { problem: EXAMPLE_PROBLEM, read_only: true },
    'file',
  ),
  event('recovered', 'The problem is over.', {}, {}, 'file'),
  event('shutdown', 'The daemon ends.', {}, {}),
  event('resync', 'Events were left out; this is what holds now.', snapshot, {
    projects: [EXAMPLE_PROJECT],
    active_project: EXAMPLE.project_id,
    problem: null,
    read_only: false,
  }),
] as const;

/** What a subscriber is told, told apart by `type`. */
export type RegistryEvent = z.output<(typeof events)[number]['schema']>;
export type EventType = RegistryEvent['type'];
export type EventOf<T extends EventType> = Extract<RegistryEvent, { type: T }>;

/** The parameters of a `registry.event` notification, the only one of the protocol. */
export interface EventNotification {
  /** Which one, as registry.watch gave it. */
  readonly subscription: string;
  /** Where the history stands after these events: `<epoch>:<sequence>`. */
  readonly cursor: string;
  /** What has happened, in its order. */
  readonly events: readonly RegistryEvent[];
}
