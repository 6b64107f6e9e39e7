/** The OpenRPC document, made from the catalogue: https://spec.open-rpc.org */
import { z } from 'zod';
import { ERROR_CODES } from '../domain/errors.ts';
import { VERSION } from '../version.ts';
import { declaredErrors, type Method } from './method.ts';
import { methods } from './methods.ts';

type Schema = Record<string, unknown>;

/** Describes every method, with parameters, result, errors and an example, as OpenRPC 1.3. */
export function openRpcDocument(): { openrpc: string; [key: string]: unknown } {
  const schemas: Record<string, Schema> = {};
  return {
    openrpc: '1.3.2',
    info: {
      title: 'Codebase Gardener project registry',
      version: VERSION,
      description: 'JSON-RPC 2.0 over a Unix socket; UTF-8, one JSON value per line.',
      license: { name: 'MIT' },
    },
    methods: Object.entries(methods).map(([name, declaration]) => describeMethod(name, declaration, schemas)),
    components: { schemas },
  };
}

function describeMethod(name: string, declaration: Method, schemas: Record<string, Schema>): Schema {
  const params = jsonSchema(declaration.params, 'input', schemas);
  const properties = (params['properties'] ?? {}) as Record<string, Schema>;
  const required = new Set((params['required'] ?? []) as string[]);
  return {
    name,
    summary: declaration.summary,
    ...(declaration.description === undefined ? {} : { description: declaration.description }),
    paramStructure: 'by-name',
    params: Object.entries(properties)
      // The specification wants required parameters first.
      .sort(([a], [b]) => Number(required.has(b)) - Number(required.has(a)))
      .map(([param, { description, ...schema }]) => ({
        name: param,
        ...(description === undefined ? {} : { description }),
        required: required.has(param),
        schema,
      })),
    result: { name: 'result', schema: jsonSchema(declaration.result, 'output', schemas) },
    errors: declaredErrors(declaration).map((kind) => ({ code: ERROR_CODES[kind], message: kind })),
    examples: [
      {
        name: 'example',
        params: Object.entries(declaration.example.params as object).map(([param, value]) => ({
          name: param,
          value,
        })),
        result: { name: 'result', value: declaration.example.result },
      },
    ],
  };
}

/** A schema with its named parts moved to the document's components. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output', schemas: Record<string, Schema>): Schema {
  const json = z.toJSONSchema(schema, { io, target: 'draft-7', unrepresentable: 'any' }) as Schema;
  const { $schema: _draft, definitions = {}, id: _id, ...rest } = json;
  for (const [name, definition] of Object.entries(definitions as Record<string, Schema>)) {
    schemas[name] = relocate(definition) as Schema;
  }
  return relocate(rest) as Schema;
}

function relocate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relocate);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string'
        ? [key, inner.replace('#/definitions/', '#/components/schemas/')]
        : [key, relocate(inner)],
    ),
  );
}
