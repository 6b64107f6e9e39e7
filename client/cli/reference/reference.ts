/** What `rpc.discover` says, for those who write about it: methods with their references followed, types as text. */
import type { Client } from '../../client.ts';
import { LocalError, UsageError } from '../errors.ts';
import { isJsonObject } from '../../../src/domain/values/json.ts';
import { anyOf, printable } from '../terminal/text.ts';

/** A JSON Schema, as far as the registry's methods use it. */
export interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

export interface Parameter {
  readonly name: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

export interface MethodError {
  readonly kind: string;
  readonly code: number;
  readonly message: string;
}

export interface Method {
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly params: readonly Parameter[];
  readonly result: Schema;
  readonly errors: readonly MethodError[];
  readonly example:
    { readonly params: Readonly<Record<string, unknown>>; readonly result: unknown } | undefined;
  /** The family's name. */
  readonly tag: string | undefined;
}

/** A type of event. */
export interface DescribedEvent {
  readonly type: string;
  readonly summary: string;
  readonly schema: Schema;
  readonly example: unknown;
}

export interface Catalogue {
  readonly version: string;
  readonly description: string;
  readonly methods: readonly Method[];
  /** None of a daemon that does not describe them yet. */
  readonly events: readonly DescribedEvent[];
  /** Families of methods by name, and what they are about. */
  readonly tags: ReadonlyMap<string, string>;
  /** Named types. */
  readonly schemas: ReadonlyMap<string, Schema>;
  readonly errors: readonly MethodError[];
}

interface Document {
  readonly info: { readonly version: string; readonly description: string };
  readonly methods: readonly {
    readonly name: string;
    readonly summary: string;
    readonly description?: string;
    readonly tags?: readonly { readonly $ref: string }[];
    readonly params: readonly Parameter[];
    readonly result: { readonly schema: Schema };
    readonly errors: readonly { readonly $ref: string }[];
    readonly examples: readonly {
      readonly params: readonly { readonly name: string; readonly value: unknown }[];
      readonly result: { readonly value: unknown };
    }[];
  }[];
  readonly 'x-events'?: readonly DescribedEvent[];
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly errors: Readonly<Record<string, Omit<MethodError, 'kind'>>>;
    readonly tags: Readonly<Record<string, { readonly description: string }>>;
  };
}

/** @throws {LocalError} when the daemon is of a version that describes itself otherwise */
export async function readCatalogue(client: Client): Promise<Catalogue> {
  const document: unknown = await client.rpc.discover();
  if (!isDocument(document)) {
    throw new LocalError(
      'cannot read how the daemon describes itself: it is of another version',
      'gardener daemon restart, or gardener call rpc.discover for what it says',
    );
  }
  const { components, info, methods, 'x-events': events = [] } = document;
  const errors = new Map(
    Object.entries(components.errors).map(([kind, error]) => [kind, { ...error, kind }]),
  );
  return {
    version: info.version,
    description: info.description,
    methods: methods.map(({ result, examples: [example], tags, errors: references, ...method }) => ({
      ...method,
      result: result.schema,
      errors: references.flatMap(({ $ref }) => errors.get(nameIn($ref)) ?? []),
      example: example && {
        params: Object.fromEntries(example.params.map(({ name, value }) => [name, value])),
        result: example.result.value,
      },
      tag: tags?.[0] && nameIn(tags[0].$ref),
    })),
    events,
    tags: new Map(Object.entries(components.tags).map(([name, tag]) => [name, tag.description])),
    schemas: new Map(Object.entries(components.schemas)),
    errors: [...errors.values()].toSorted((a, b) => a.code - b.code),
  };
}

function isDocument(answer: unknown): answer is Document {
  const components = isJsonObject(answer) ? answer['components'] : undefined;
  return isJsonObject(components) && isJsonObject(components['errors']) && isJsonObject(components['tags']);
}

/** What is not described, and what may have been meant. */
export function unknownName(name: string, what: string, known: readonly string[]): UsageError {
  const words = name.toLowerCase().match(/[^._-]+/g) ?? [];
  const near = known.filter((one) => words.some((word) => one.includes(word))).slice(0, 3);
  const question = near.length > 0 ? `; did you mean ${anyOf(near)}?` : '';
  return new UsageError(
    `cannot describe ${printable(name)}: there is no such ${what}${question}`,
    question ? undefined : 'gardener docs, which describes them all',
  );
}

/** The last part of a `$ref`: what it is called where it is kept. */
function nameIn(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1);
}

/** A type in a few words: `string`, `Project or null`, `{token: integer, project: Project}`. */
export function typeText(schema: Schema): string {
  if (schema.$ref !== undefined) return nameIn(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  // A `$ref` with a description of its own.
  if (schema.allOf) return schema.allOf.map(typeText).join(' and ');
  if (schema.anyOf) return schema.anyOf.map(typeText).join(' or ');
  if (schema.type === 'array') return `list of ${schema.items ? typeText(schema.items) : 'anything'}`;
  if (schema.type === 'object') return objectText(schema);
  return schema.type ?? 'anything';
}

function objectText({ properties = {}, required = [], additionalProperties: others }: Schema): string {
  const members = Object.entries(properties).map(
    ([name, member]) => `${name}${required.includes(name) ? '' : '?'}: ${typeText(member)}`,
  );
  if (members.length > 0) return `{${members.join(', ')}}`;
  return typeof others === 'object' && others.type !== undefined ? `object of ${typeText(others)}` : 'object';
}

/** The bounds of a type: `at most 64 characters`; empty where it has none worth mentioning. */
function boundsText(schema: Schema): string {
  const { minimum, maximum = Number.MAX_SAFE_INTEGER, minLength = 0, maxLength, maxItems } = schema;
  if (maximum < Number.MAX_SAFE_INTEGER) return `${minimum ?? 0} to ${maximum}`;
  if (minimum !== undefined) return `${minimum} or more`;
  if (maxLength !== undefined) return `at most ${maxLength} characters`;
  if (maxItems !== undefined) return `at most ${maxItems}`;
  return minLength > 0 ? 'not empty' : '';
}

/** What is to be said of a parameter, in one line: its description and its bounds. */
export function parameterText({ description, schema }: Parameter): string {
  return [description, boundsText(schema)].filter((part) => part).join('; ');
}

/** Whether a method takes a lease to the connection that calls it, and is of no use to a command that then ends. */
export function takesLease(method: string): boolean {
  return ['training.begin', 'training.claim', 'training.resume'].includes(method);
}
