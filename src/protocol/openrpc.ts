/** The OpenRPC document, made from the catalogue: https://spec.open-rpc.org */
import { z } from 'zod';
import { ERROR_KINDS, type ErrorKind, ERRORS } from '../domain/errors.ts';
import { VERSION } from '../version.ts';
import { INVALID_PARAMS } from './errors.ts';
import { exampleData, wholeData } from './error-data.ts';
import { events } from './events.ts';
import { declaredErrors, type Method } from './method.ts';
import { methods } from './methods.ts';

type Schema = Record<string, unknown>;

/** One paragraph in one line: whoever shows it breaks no line where a daemon says so. */
const INTRODUCTION = [
  'JSON-RPC 2.0 over a Unix socket: UTF-8, one JSON value per line, requests, notifications and batches.',
  'Requests on a connection may be answered out of order. Parameters go by name; those that are not known are refused.',
  'A registry error has a positive code and `data` with its `kind`, `suggestions` and details.',
  'The extension `x-kind` of a method is `read` for one that may be repeated after a lost connection, `change` for one',
  'whose answer says that the change is on the disk, and `control` for one about the daemon or the connection itself.',
  'The extension `x-events` has the types of events that registry.watch subscribes to, and `x-errors` what each registry error has in its `data`.',
].join(' ');

/** What the families of methods are about: the tags of the document. */
export const FAMILIES: Readonly<Record<Family, string>> = {
  daemon: 'The daemon itself.',
  rpc: 'The protocol itself.',
  registry: 'The registry as a whole, and its changes as they happen.',
  projects: 'One project, or many of them.',
  training: 'Who may work on a project: a lease, bound to the connection that took it.',
};
type Family = keyof typeof methods extends `${infer F}.${string}` ? F : never;

/** Describes every method, event and error as OpenRPC 1.3, which has no word for events, nor for the schema of an error. */
export function openRpcDocument(): { openrpc: string; [key: string]: unknown } {
  const schemas: Record<string, Schema> = {};
  return {
    openrpc: '1.3.2',
    info: {
      title: 'Codebase Gardener project registry',
      version: VERSION,
      description: INTRODUCTION,
      license: { name: 'MIT' },
    },
    methods: Object.entries(methods).map(([name, declaration]) => describeMethod(name, declaration, schemas)),
    'x-events': events.map((event) => ({ ...event, schema: jsonSchema(event.schema, 'output', schemas) })),
    'x-errors': ERROR_KINDS.map((kind) => ({
      kind,
      code: ERRORS[kind].code,
      summary: ERRORS[kind].meaning,
      schema: jsonSchema(wholeData(kind), 'output', schemas),
      example: exampleData(kind),
    })),
    components: {
      schemas,
      errors: {
        ...Object.fromEntries(ERROR_KINDS.map((kind) => [kind, describeError(kind)])),
        invalid_params: {
          code: INVALID_PARAMS,
          message: 'Parameters are missing, wrong or not known; `issues` has the path of each, and why.',
          data: { issues: [{ path: 'name', message: 'invalid input: expected string' }] },
        },
      },
      tags: Object.fromEntries(
        Object.entries(FAMILIES).map(([name, description]) => [name, { name, description }]),
      ),
    },
  };
}

function describeError(kind: ErrorKind): Schema {
  const { code, meaning } = ERRORS[kind];
  return { code, message: meaning, data: exampleData(kind) };
}

function describeMethod(name: string, declaration: Method, schemas: Record<string, Schema>): Schema {
  const params = jsonSchema(declaration.params, 'input', schemas);
  const properties = (params['properties'] ?? {}) as Record<string, Schema>;
  const required = new Set((params['required'] ?? []) as string[]);
  // Even a method without parameters refuses those that it is given.
  const errors = ['invalid_params', ...declaredErrors(declaration)];
  return {
    name,
    summary: declaration.summary,
    ...(declaration.description === undefined ? {} : { description: declaration.description }),
    tags: [{ $ref: `#/components/tags/${name.slice(0, name.indexOf('.'))}` }],
    'x-kind': declaration.kind,
    paramStructure: 'by-name',
    params: Object.entries(properties)
      // The specification wants required parameters first.
      .toSorted(([a], [b]) => Number(required.has(b)) - Number(required.has(a)))
      .map(([param, schema]) => ({
        name: param,
        ...described(schema, schemas),
        required: required.has(param),
      })),
    result: { name: 'result', ...described(jsonSchema(declaration.result, 'output', schemas), schemas) },
    errors: errors.map((kind) => ({ $ref: `#/components/errors/${kind}` })),
    examples: [
      {
        name: 'example',
        params: Object.entries(declaration.example.params as object).map(([param, value]) => ({
          name: param,
          value: value as unknown,
        })),
        result: { name: 'result', value: declaration.example.result },
      },
    ],
  };
}

/** A schema, and beside it what is said of it, by itself or by what it refers to. */
function described({ description, ...schema }: Schema, schemas: Record<string, Schema>): Schema {
  const { $ref = '' } = schema as { $ref?: string };
  const name = $ref.replace('#/components/schemas/', '');
  // A reference with a description is one of a list, as draft 7 has it; without it is just that.
  const [reference = schema] = (schema['allOf'] ?? []) as Schema[];
  return { description: description ?? schemas[name]?.['description'], schema: reference };
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
