/** What `project.ts` says of a project, for checking what comes from outside and for the documentation of the protocol. */
import { z } from 'zod';
import { MAX_METADATA_BYTES } from './limits.ts';
import { MAX_TAGS, type Project, type Repository } from './project.ts';
import {
  beforeSchema,
  retrainRequest,
  sourceSchema,
  trainingSchema,
  trainingStatus,
} from './training/schema.ts';
import { FORBIDDEN, MAX_NAME_LENGTH } from './values/names.ts';
import { jsonObject, timestamp, timestampOrNull } from './values/schema.ts';

const repositorySchema = z
  .looseObject({
    root_commit: z
      .string()
      .nullable()
      .describe('id of the first commit; null where it is not known, as in a shallow clone'),
    remote: z
      .string()
      .nullable()
      .describe('host and path it is fetched from, as "github.com/ada/payments"; null where it has none'),
  })
  .describe('what tells the repository of a codebase wherever it lies')
  .meta({ id: 'Repository' });

/** @param directory where it is in the project's own directory at first */
const result = (what: string, directory: string) =>
  z
    .string()
    .nullable()
    .describe(
      `absolute path of ${what}, whether it is there or not: at first \`${directory}\` in the project's own directory; null for none`,
    );

/** A project as the registry keeps it. */
export const projectSchema = z
  .looseObject({
    project_id: z
      .string()
      .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'must be a UUID')
      .describe('a UUID, by which the registry keeps it; never changes'),
    name: z
      .string()
      .describe(
        `unique without regard to case; trimmed, in NFC, 1 to ${MAX_NAME_LENGTH} code points, no control character and none of ${FORBIDDEN}`,
      ),
    source_path: z
      .string()
      .min(1)
      .describe('absolute path of the codebase, normalised; several projects may have the same'),
    created_at: timestamp('when it was registered'),
    last_updated: timestamp('when anything of it but `last_used` last changed'),
    training_status: trainingStatus.describe('how its training stands'),
    language: z.string().describe('main programming language, as "typescript"; "python" unless told'),
    file_count: z.int().min(0).describe('files in the codebase; 0 unless told'),
    lora_adapter_path: result('the adapter in service, a file or a directory', 'lora_adapter.bin'),
    vector_store_path: result('the vectors in service', 'vector_store'),
    context_path: result('the context in service', 'context.json'),
    last_trained: timestampOrNull('when training last completed; null where it never has'),
    last_used: timestampOrNull('set by projects.activate and projects.touch; null where it never was'),
    tags: z.array(z.string().describe('a tag')).describe(`words to find it by, at most ${MAX_TAGS}`),
    metadata: jsonObject.describe(
      `any JSON object, which is yours; at most ${MAX_METADATA_BYTES} bytes as compact JSON; {} unless told`,
    ),
    training: trainingSchema.nullable().describe('the training record; null where there never was a lease'),
    retrain_requested: retrainRequest
      .nullable()
      .describe(
        'that somebody asked for it to be trained again; null where nobody has since the last training',
      ),
    repository: repositorySchema
      .nullable()
      .describe('what tells its repository wherever it lies; null where it is not known, or there is none'),
    trained_from: sourceSchema
      .nullable()
      .describe(
        'what the training that completed last was made from; null where its trainer has not told, and where none completed',
      ),
    base_model: z
      .string()
      .nullable()
      .describe('name or path of the model that the adapter in service adapts; null where it is not known'),
  })
  .describe('a project as the registry keeps it')
  .meta({ id: 'Project' });

/** What a file may say of a project: 1.0 files lack the 1.1 fields, 1.1 files those of 1.2, and a person may leave out the rest. */
export const storedProjectSchema = projectSchema
  .partial()
  .required({ name: true, source_path: true })
  .extend({
    repository: repositorySchema.partial().nullable().optional(),
    training: trainingSchema
      .partial()
      .extend({ before: beforeSchema.partial().optional() })
      .nullable()
      .optional(),
  });
export type StoredProject = z.infer<typeof storedProjectSchema>;

/** Does not compile where a schema and the type that it checks say different things. */
type Same<A, B> = [A, B] extends [B, A] ? true : never;
const SAME: [
  Same<z.infer<typeof projectSchema>, Project>,
  Same<z.infer<typeof repositorySchema>, Repository>,
] = [true, true];
void SAME;
