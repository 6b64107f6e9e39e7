/** A lease: what one is taken with, and what whoever takes it gets. */
import { z } from 'zod';
import { MAX_CALLER, MAX_COMMIT, MAX_DETAILS_BYTES, MAX_SLOT, MAX_SLOTS } from '../../domain/limits.ts';
import { MAX_STALL_MS } from '../../domain/project.ts';
import { slotFault } from '../../domain/training/slots.ts';
import { jsonObject } from '../../domain/values/schema.ts';
import { wireProject } from '../method.ts';

export const holder = z
  .strictObject({
    name: z.string().max(MAX_CALLER).describe('what the trainer calls itself'),
    pid: z.int().min(0).describe('number of its process'),
  })
  .partial()
  .optional()
  .describe('who trains, as others are shown it; default what daemon.hello was told');

export const stall = z
  .int()
  .min(1)
  .max(MAX_STALL_MS)
  .optional()
  .describe('milliseconds without training.progress after which the lease is lost; default never');

export const token = z.int().min(0).describe('of the lease, as it was given');

export const details = jsonObject
  .optional()
  .describe(`any JSON object, at most ${MAX_DETAILS_BYTES} bytes as compact JSON; default as before`);

export const source = z
  .strictObject({
    commit: z
      .string()
      .regex(new RegExp(`^[0-9a-f]{7,${MAX_COMMIT}}$`), 'must be the id of a commit')
      .describe(`id of the commit, 7 to ${MAX_COMMIT} hexadecimal digits in lower case`),
    dirty: z.boolean().describe('whether there was more than that commit has: what was not committed'),
  })
  .optional()
  .describe(
    'what is trained from, which becomes `trained_from` of the project once the training has completed; default not told',
  );

const slotName = z
  .string()
  .refine((name) => slotFault(name) === null, { error: ({ input }) => slotFault(String(input)) ?? undefined })
  // As far as a schema can say it.
  .meta({ minLength: 1, maxLength: MAX_SLOT, pattern: '^(?!\\.{1,2}$)[^\\s/\\\\]([^/\\\\]*[^\\s/\\\\])?$' });

export const slot = z
  .union(
    [slotName, z.array(slotName).min(1).max(MAX_SLOTS)],
    `must be the name of a slot, or a list of at most ${MAX_SLOTS} such names`,
  )
  .optional()
  .describe(
    'the name of what no two live leases have at a time, as one of two GPUs; of several the first free one; default none',
  );

export const lease = z
  .object({
    token: z
      .int()
      .describe(
        'what reports and the end of the training go by: greater than any before it of this project; not consecutive, as it follows the milliseconds since 1970',
      ),
    project: wireProject.describe('the project, under the lease'),
    slot: z
      .string()
      .optional()
      .describe('name of the slot that it has; missing where none was asked for; it ends with the lease'),
    output: z
      .object({
        directory: z
          .string()
          .describe('absolute path, of this lease alone; an adapter may be saved straight into it'),
        lora_adapter_path: z.string().describe('in it, for the adapter, a file or a directory'),
        vector_store_path: z.string().describe('in it, for the vectors'),
        context_path: z.string().describe('in it, for the context'),
      })
      .describe(
        'where to write: what is there comes into service when the training completes, and nothing before; sync it to the disk first',
      ),
  })
  .describe('a lease on a project: who has it may train')
  .meta({ id: 'Lease' });
