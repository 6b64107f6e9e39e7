/**
 * What subscribers are told: every type of event, declared once. Types, `rpc.discover` and the documentation follow from
 * it; how an event is written is in `src/services/feed/event-text.ts`.
 */
import { z } from 'zod';
import { type Origin, ORIGINS } from '../domain/draft.ts';
import { OUTCOMES } from '../domain/project.ts';
import { timestamp } from '../domain/schema.ts';
import { EXAMPLE_PROJECT, wireProject } from './method.ts';
import { EXAMPLE_TRAINING } from './methods/training.ts';

export const problem = z
  .object({
    kind: z
      .string()
      .describe(
        'invalid_file, deleted_file, dangling_link (it leads nowhere), newer_version, recovered (at the start, from a backup), unreadable_file (the last look failed), copy_failed (backups/ cannot be written, and changes go on), blocked_edit (it cannot be taken over, as the content before it cannot be kept) or failed_write (the last write failed; nothing is refused, and the next change tries again)',
      ),
    message: z.string(),
    line: z.int().optional(),
    column: z.int().optional(),
    remedy: z.string().optional().describe('what to do about it'),
    since: z.string(),
  })
  .describe('what is wrong with the file');
const readOnly = z.boolean().describe('changes are refused until the problem is mended');

/** How the file stands. */
export const condition = { problem: problem.nullable(), read_only: readOnly };

/** What holds now: what a subscription begins with, and what takes the place of events that were left out. */
export const snapshot = {
  projects: z.array(wireProject),
  active_project: z.string().nullable(),
  ...condition,
};

/** Declares a type of event: when it is told, and what it has beside `type`, `origin` and `at`. */
function event<const T extends string, F extends z.ZodRawShape>(
  type: T,
  summary: string,
  fields: F,
  example: z.output<z.ZodObject<F>>,
  origin: Origin = 'rpc',
) {
  const schema = z.object({
    type: z.literal(type),
    ...fields,
    origin: z.enum(ORIGINS).describe('a call, or an edit of the file'),
    at: timestamp,
  });
  return { type, summary, schema, example: { type, ...example, origin, at: '2026-01-05T10:00:00.000Z' } };
}

const project_id = z.string();
const project = wireProject;
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
      project_id: project_id.nullable(),
      project: project.optional().describe('missing where none is active, or one that does not exist'),
      previous: z.string().nullable().describe('id of the one that was active'),
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
      outcome: z
        .enum(OUTCOMES)
        .optional()
        .describe('of the lease that ended; the status does not tell, as what is released gets back its own'),
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
    { problem, read_only: readOnly },
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
  readonly subscription: string;
  /** Where the history stands after these events: `<epoch>:<sequence>`. */
  readonly cursor: string;
  readonly events: readonly RegistryEvent[];
}
