/**
 * What each registry error has in `data` beside `kind` and `suggestions`, declared once. `rpc.discover`, the types and the
 * documentation follow from it; what each error means is in `src/domain/errors.ts`.
 */
import { z } from 'zod';
import type { ErrorKind } from '../domain/errors.ts';
import { holderSchema } from '../domain/training/schema.ts';
import { EXAMPLE_PROBLEM, problem } from './events.ts';
import { EXAMPLE_PROJECT, wireProject } from './method.ts';
import { EXAMPLE_TRAINING } from './methods/training.ts';
import { named } from './methods/effect.ts';
import { PROTOCOL_VERSION } from './version.ts';

/** Declares the details of an error, and what they may be. */
function details<const F extends z.ZodRawShape>(fields: F, example: z.output<z.ZodObject<F>>) {
  return z.object(fields).meta({ examples: [example] });
}

const suggestions = z
  .array(z.string().describe('for people'))
  .describe('what the caller may have meant, or can do; may be empty');

const EXAMPLE_HOLDER = EXAMPLE_TRAINING.training.holder;
const EXAMPLE_FILE = '/home/ada/.codebase-gardener/registry.json';

export const errorData = {
  project_not_found: details(
    {
      project: z.string().optional().describe('the reference, as it was given; missing where none was'),
      from: z.string().optional().describe('the directory that was to be moved, of projects.move'),
    },
    { project: 'paymnets' },
  ),
  project_exists: details(
    { project: wireProject.describe('the one that has the name') },
    { project: EXAMPLE_PROJECT },
  ),
  invalid_name: details(
    { name: z.string().describe('the name that was refused, trimmed and in NFC') },
    { name: 'pay/ments' },
  ),
  source_path_missing: details(
    { source_path: z.string().describe('the path that was given, normalised') },
    { source_path: '/home/ada/src/payments' },
  ),
  etag_mismatch: details(
    { project: wireProject.describe('as it is now, with the etag that it has now') },
    { project: EXAMPLE_PROJECT },
  ),
  lease_held: details(
    {
      holder: holderSchema
        .nullable()
        .describe('who trains; null where a change that takes the lease is under way, and has not said who'),
      project: wireProject.describe('the project that is trained'),
    },
    { holder: EXAMPLE_HOLDER, project: EXAMPLE_TRAINING },
  ),
  lease_lost: details(
    {
      project: wireProject.describe('as it is now'),
      holder: holderSchema.optional().describe('who has the lease now; missing where nobody has'),
    },
    { project: EXAMPLE_TRAINING, holder: EXAMPLE_HOLDER },
  ),
  ambiguous_project: details(
    { projects: z.array(wireProject).describe('those that the reference means, two at least') },
    { projects: [EXAMPLE_PROJECT, { ...EXAMPLE_PROJECT, name: 'payments-api', etag: '77c0d1e5b2a94f38' }] },
  ),
  registry_read_only: details(
    {
      problem: problem.describe('what is wrong with the file'),
      file: z.string().describe('absolute path of the registry file'),
    },
    { problem: EXAMPLE_PROBLEM, file: EXAMPLE_FILE },
  ),
  storage_failed: details(
    {
      applied: z
        .boolean()
        .describe(
          'whether the change was made all the same: true where only its surviving a power cut is not certain, false where nothing changed',
        ),
      token: z
        .int()
        .optional()
        .describe('of the lease that stands, where `applied` is true and one was being taken'),
      project: wireProject.optional().describe('the project of that lease'),
      problem: problem
        .optional()
        .describe('what is wrong with the registry file, where that cannot be looked at'),
      file: z.string().optional().describe('absolute path of the registry file, with `problem`'),
    },
    { applied: false },
  ),
  shutting_down: details({}, {}),
  incompatible_protocol: details(
    {
      protocol: z
        .object({ min: z.int().describe('the oldest'), max: z.int().describe('the newest') })
        .describe('the versions of the protocol that the daemon speaks'),
      version: z.string().describe('version of the daemon'),
    },
    { protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION }, version: '0.1.0' },
  ),
  cursor_expired: details(
    { cursor: z.string().describe('where the history stands now: <epoch>:<sequence>') },
    { cursor: 'k3v9x2:1' },
  ),
  backup_not_found: details(
    { name: z.string().describe('the name that was given') },
    { name: 'registry-20260105T080000.000Z-edit.json' },
  ),
  too_many_connections: details({}, {}),
  slot_taken: details(
    {
      holders: z
        .array(
          z
            .object({
              slot: z.string().describe('name of the slot'),
              holder: holderSchema.nullable().describe('who has it; null where somebody is just taking it'),
              project: named
                .nullable()
                .describe('the project that it is used for; null where somebody is just taking it'),
            })
            .describe('a slot that is taken'),
        )
        .describe('one for each slot that would do, in the order in which they were given'),
    },
    {
      holders: [
        {
          slot: 'gpu0',
          holder: EXAMPLE_HOLDER,
          project: { project_id: EXAMPLE_PROJECT.project_id, name: EXAMPLE_PROJECT.name },
        },
      ],
    },
  ),
} satisfies Record<ErrorKind, z.ZodObject>;

/** All that an error of a kind has in `data`. */
export function wholeData(kind: ErrorKind) {
  return z.object({
    kind: z.literal(kind).describe('which error it is'),
    suggestions,
    ...errorData[kind].shape,
  });
}

/** The same as an example. */
export function exampleData(kind: ErrorKind): z.output<ReturnType<typeof wholeData>> {
  const { examples } = errorData[kind].meta() as { examples: [object] };
  return { kind, suggestions: [], ...examples[0] };
}
