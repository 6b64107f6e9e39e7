/** What `rpc.discover` says, for those who write about it: methods with their references followed, types as text. */
import type { Client } from '../../client.ts';
import { LocalError, UsageError } from '../errors.ts';
import { isJsonObject } from '../../../src/domain/values/json.ts';
import { anyOf, printable } from '../terminal/text.ts';

/** A JSON Schema, as far as the registry's methods use it. */
export interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
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

/** An error as a whole, with what it has in `data`. */
export interface DescribedError extends MethodError {
  /** An example. */
  readonly data: unknown;
  /** Missing from a daemon that does not say it yet, and from what is no error of the registry. */
  readonly schema?: Schema | undefined;
}

export interface Method {
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly params: readonly Parameter[];
  readonly result: Schema;
  /** Of the result; missing from a daemon that does not say it yet. */
  readonly resultText?: string | undefined;
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
  readonly errors: readonly DescribedError[];
}

interface Document {
  readonly info: { readonly version: string; readonly description: string };
  readonly methods: readonly {
    readonly name: string;
    readonly summary: string;
    readonly description?: string;
    readonly tags?: readonly { readonly $ref: string }[];
    readonly params: readonly Parameter[];
    readonly result: { readonly description?: string; readonly schema: Schema };
    readonly errors: readonly { readonly $ref: string }[];
    readonly examples: readonly {
      readonly params: readonly { readonly name: string; readonly value: unknown }[];
      readonly result: { readonly value: unknown };
    }[];
  }[];
  readonly 'x-events'?: readonly DescribedEvent[];
  readonly 'x-errors'?: readonly { readonly kind: string; readonly schema: Schema }[];
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly errors: Readonly<Record<string, Omit<DescribedError, 'kind' | 'schema'>>>;
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
  const { components, info, methods, 'x-events': events = [], 'x-errors': ofErrors = [] } = document;
  const dataOf = new Map(ofErrors.map(({ kind, schema }) => [kind, schema]));
  const errors = new Map(
    Object.entries(components.errors).map(([kind, error]) => [kind, { ...error, kind }]),
  );
  return {
    version: info.version,
    description: info.description,
    methods: methods.map(({ result, examples: [example], tags, errors: references, ...method }) => ({
      ...method,
      result: result.schema,
      resultText: result.description,
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
    errors: [...errors.values()]
      .map((error) => ({ ...error, schema: dataOf.get(error.kind) }))
      .toSorted((a, b) => a.code - b.code),
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

/** A type in a few words: `string`, `Project or null`, `list of object`; {@link fieldsOf} says what is in an object. */
function typeText(schema: Schema): string {
  if (schema.$ref !== undefined) return nameIn(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  // A `$ref` with a description of its own.
  if (schema.allOf) return schema.allOf.map(typeText).join(' and ');
  if (schema.anyOf) return schema.anyOf.map(typeText).join(' or ');
  if (schema.type === 'array') return `list of ${schema.items ? typeText(schema.items) : 'anything'}`;
  if (typeof schema.additionalProperties === 'object' && schema.additionalProperties.type !== undefined)
    return `object of ${typeText(schema.additionalProperties)}`;
  return [schema.type ?? 'anything'].flat().join(' or ');
}

/** What is to be said of a type: `Lease or null: the lease`, and of one whose fields or words are told anyway only that. */
export function typeSaid(schema: Schema, description = schema.description): string {
  if (description === undefined) return typeText(schema);
  return schema.properties || schema.enum ? description : `${typeText(schema)}: ${description}`;
}

/** The same of a parameter or a field, which may be one that can be left out. */
export function typeOf({ schema, required = false }: Parameter): string {
  return `${typeText(schema)}${required ? '' : ', optional'}`;
}

/**
 * The fields of an object, each with those in it after it: `build`, `build.id`, `backups[].name`. What has a name has them
 * under that.
 *
 * @param at what the object is called
 */
export function fieldsOf(schema: Schema, at = ''): Parameter[] {
  const { properties = {}, required = [], items, anyOf = [], additionalProperties: others } = schema;
  const fields = Object.entries(properties).flatMap(([field, member]): Parameter[] => {
    const name = at === '' ? field : `${at}.${field}`;
    const { description } = member;
    const one = { name, required: required.includes(field), schema: member };
    return [description === undefined ? one : { ...one, description }, ...fieldsOf(member, name)];
  });
  return [
    ...fields,
    ...(items ? fieldsOf(items, `${at}[]`) : []),
    ...anyOf.flatMap((one) => fieldsOf(one, at)),
    ...(typeof others === 'object' ? fieldsOf(others, `${at}.*`) : []),
  ];
}

/** The names of the types that a type is made of, each once. */
export function typesIn(schemas: readonly Schema[]): string[] {
  const names = schemas.flatMap((schema): string[] => {
    const { $ref, anyOf = [], allOf = [], items, properties = {}, additionalProperties: others } = schema;
    const parts = [...anyOf, ...allOf, ...Object.values(properties)];
    if (items) parts.push(items);
    if (typeof others === 'object') parts.push(others);
    return [...($ref === undefined ? [] : [nameIn($ref)]), ...typesIn(parts)];
  });
  return [...new Set(names)];
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
  const bounds = boundsText(schema);
  return [description, description?.includes(bounds) ? '' : bounds].filter((part) => part).join('; ');
}

/** Whether a method takes a lease to the connection that calls it, and is of no use to a command that then ends. */
export function takesLease(method: string): boolean {
  return ['training.begin', 'training.claim', 'training.resume'].includes(method);
}
