/** Schemas of tools as a model pays for them, and takes them: small, and without a quarrel about what is empty. */
import type { StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { isJsonObject } from '../../src/domain/values/json.ts';
import { printable } from '../../src/system/printable.ts';

/** A schema that is put out small. */
export function small(schema: z.ZodObject): StandardSchemaWithJSON {
  const jsonSchema = { input: () => smallJson(schema, 'input'), output: () => smallJson(schema, 'output') };
  return { '~standard': { ...schema['~standard'], jsonSchema } };
}

/** The same for what a model gives: some give each field, and null or an empty text for those that they mean to leave out. */
export function lenient(schema: z.ZodObject): StandardSchemaWithJSON {
  const { '~standard': standard } = small(schema);
  const validate: typeof standard.validate = async (given) => {
    const result = await standard.validate(withoutEmpty(given));
    if (!result.issues) return result;
    // They quote what was given, such as the names of parameters that there are not.
    const issues = result.issues.map((issue) => ({ ...issue, message: printable(issue.message) }));
    return { issues: [...issues, { message: parametersOf(schema) }] };
  };
  return { '~standard': { ...standard, validate } };
}

/** For whoever has given others. */
function parametersOf({ shape }: z.ZodObject): string {
  const names = Object.entries(shape).map(([name, type]) =>
    z.safeParse(type, undefined).success ? `${name} (optional)` : name,
  );
  return `call it with ${names.join(', ')}`;
}

function withoutEmpty(given: unknown): unknown {
  if (!isJsonObject(given)) return given;
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== ''));
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

/** A number that may be written as a text, as models do; nothing else is taken for one. */
export function decimal<Schema extends z.ZodType<number>>(schema: Schema): z.ZodPreprocess<Schema> {
  return z.preprocess(
    (given) => (typeof given === 'string' && /^\s*\d+(\.\d*)?\s*$/.test(given) ? Number(given) : given),
    schema,
  );
}
