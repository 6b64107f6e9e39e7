/** Schemas of tools as a model pays for them: without what any reader takes for granted. */
import type { StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import { z } from 'zod';

/** A schema that checks the same and is put out small. */
export function small(schema: z.ZodObject): StandardSchemaWithJSON {
  const jsonSchema = { input: () => smallJson(schema, 'input'), output: () => smallJson(schema, 'output') };
  return { '~standard': { ...schema['~standard'], jsonSchema } };
}

/** Without the dialect, which the protocol names, and without the limits of JSON, which any integer has. */
function smallJson(schema: z.ZodObject, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return json;
}
