/** How a method is declared. Validation, types, `rpc.discover` and the documentation follow from the declaration. */
import { z } from 'zod';
import type { ErrorKind } from '../domain/errors.ts';
import { MAX_PATH_BYTES } from '../domain/limits.ts';
import { projectSchema } from '../domain/schema.ts';
import { trainingSchema } from '../domain/training/schema.ts';

export interface Method<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  /** One sentence for a list of methods. */
  readonly summary: string;
  readonly description?: string;
  /**
   * `read` answers from the committed state and may be repeated after a lost connection; `change` waits for the
   * disk; `control` is about the daemon or the connection itself.
   */
  readonly kind: 'read' | 'change' | 'control';
  readonly params: P;
  readonly result: R;
  /** The registry's own errors, beside those that {@link declaredErrors} adds. Default none. */
  readonly errors?: readonly ErrorKind[];
  /** Of those that {@link declaredErrors} adds, what this method cannot get all the same. */
  readonly never?: readonly ErrorKind[];
  readonly example: { readonly params: z.input<P>; readonly result: z.output<R> };
}

/** Declares a method; exists so that the compiler checks an example against its schemas. */
export function method<P extends z.ZodType, R extends z.ZodType, const K extends Method['kind']>(
  declaration: Method<P, R> & { readonly kind: K },
): Method<P, R> & { readonly kind: K } {
  return declaration;
}

/** Every registry error a call of the method can get. */
export function declaredErrors({
  kind,
  errors = [],
  never = [],
}: Pick<Method, 'kind' | 'errors' | 'never'>): readonly ErrorKind[] {
  const always: ErrorKind[] = kind === 'control' ? [] : ['shutting_down'];
  if (kind === 'change') always.push('registry_read_only', 'storage_failed');
  return [...new Set([...errors, ...always.filter((error) => !never.includes(error))])];
}

/** What a call gets whose `project` is none, or may be several. */
export const MISSING = ['project_not_found', 'ambiguous_project'] as const;

export const noParams = z.strictObject({});

/** A path that a caller gives, or what may be one. */
export const pathText = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= MAX_PATH_BYTES, {
    error: ({ input }) =>
      `is ${Buffer.byteLength(String(input))} bytes long and ${MAX_PATH_BYTES} are allowed`,
  })
  // As far as a schema can say it: there, characters are counted.
  .meta({ maxLength: MAX_PATH_BYTES });

const withoutNul = pathText.refine((text) => !text.includes('\0'), 'must not contain a NUL character');

/** One that is a path: a relative one would be another one in each working directory, and the daemon's is none of them. */
export const absolutePath = withoutNul
  .refine((text) => text.startsWith('/'), 'must be an absolute path')
  .meta({ maxLength: MAX_PATH_BYTES, pattern: '^/[^\\u0000]*$' });

const REFERENCE = { maxLength: MAX_PATH_BYTES, pattern: '^[^\\u0000]*$' };

/** A reference that may also stand for none, by being empty. */
export const optionalReference = withoutNul.meta(REFERENCE);

export const projectReference = withoutNul
  .min(1)
  .describe('a project id, a name without regard to case, or an absolute path in the codebase')
  .meta({ id: 'ProjectReference', ...REFERENCE });

export const toChange = z
  .boolean()
  .optional()
  .describe('find what a path means as a change does, for one that will be made by id; default false');

/** A project on the wire. */
export const wireProject = projectSchema
  .extend({
    etag: z
      .string()
      .describe(
        '16 hexadecimal digits that change with what is stored of it, for `if_etag`; only on the wire',
      ),
    training: trainingSchema
      .extend({
        eta_s: z
          .int()
          .min(0)
          .nullable()
          .optional()
          .describe(
            'seconds that it will still take, as far as that can be told: by the last training that completed, or by its own progress; null where it cannot; only on the wire, and under a lease',
          ),
      })
      .describe('the training record of a project, as the registry gives it')
      .meta({ id: 'WireTraining' })
      .nullable()
      .describe('the training record; null where there never was a lease'),
  })
  .describe('a project as the registry gives it')
  .meta({ id: 'WireProject' });

/** What a method answers that has nothing to tell. */
export const nothing = z.null().describe('nothing: it is done');

/** A part of a longer text, where an id alone would tell a person little. */
export const projectId = z.string().describe('id of the project');
export const projectName = z.string().describe('its name');

export const ifEtag = z
  .string()
  .optional()
  .describe('refuse with etag_mismatch unless the project still has this etag');

export const EXAMPLE_PROJECT: z.output<typeof wireProject> = {
  project_id: '0b7f6a52-6d4c-4f5e-9a6e-1c2d3e4f5a6b',
  name: 'payments',
  source_path: '/home/ada/src/payments',
  created_at: '2026-01-05T09:30:00.000Z',
  last_updated: '2026-01-05T09:30:00.000Z',
  training_status: 'not_started',
  language: 'typescript',
  file_count: 412,
  lora_adapter_path:
    '/home/ada/.codebase-gardener/projects/0b7f6a52-6d4c-4f5e-9a6e-1c2d3e4f5a6b/lora_adapter.bin',
  vector_store_path:
    '/home/ada/.codebase-gardener/projects/0b7f6a52-6d4c-4f5e-9a6e-1c2d3e4f5a6b/vector_store',
  context_path: '/home/ada/.codebase-gardener/projects/0b7f6a52-6d4c-4f5e-9a6e-1c2d3e4f5a6b/context.json',
  last_trained: null,
  last_used: null,
  tags: ['work'],
  metadata: {},
  training: null,
  retrain_requested: null,
  repository: { root_commit: '1f7a3c0e9b5d2486a0c4e8f1d3b59607284c6e9a', remote: 'github.com/ada/payments' },
  trained_from: null,
  base_model: null,
  etag: '9f2c1b7a40d3e856',
};
