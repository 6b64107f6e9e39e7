/** Fields of a project as a caller gives them: stricter than what a file may hold. */
import { z } from 'zod';
import { MAX_METADATA_BYTES, MAX_REMOTE } from '../../domain/limits.ts';
import { MAX_TAGS } from '../../domain/project.ts';
import { FORBIDDEN, MAX_NAME_LENGTH } from '../../domain/values/names.ts';
import { jsonObject } from '../../domain/values/schema.ts';
import { absolutePath } from '../method.ts';

export const name = z
  .string()
  .describe(
    `unique without regard to case; 1 to ${MAX_NAME_LENGTH} characters, none of ${FORBIDDEN} and no control character`,
  );
export const language = z.string().min(1).max(64);
const tag = z.string().min(1).max(64).describe('a tag, of 1 to 64 characters');
export const tags = z.array(tag).max(MAX_TAGS);
export const metadata = jsonObject.describe(
  `any JSON object, which is yours; at most ${MAX_METADATA_BYTES} bytes as compact JSON; default {}`,
);
export const path = absolutePath.describe('an absolute path');
export const ownPath = (what: string) =>
  path.nullable().optional().describe(`absolute path of ${what}, or null for none; default as it is`);
export const repository = z
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
