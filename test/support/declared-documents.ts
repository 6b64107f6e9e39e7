/** Whether a document has the fields that its command declares, no fewer and no more. */
import { type Declaration, loadAll } from '../../client/cli/command.ts';
import { isJsonObject } from '../../src/domain/values/json.ts';
import { openRpcDocument } from '../../src/protocol/openrpc.ts';
import { PROGRAM } from './every-command.ts';

/** As the reference has the types of the protocol. */
interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

const { methods, components } = JSON.parse(JSON.stringify(openRpcDocument())) as {
  readonly methods: readonly { readonly name: string; readonly result: { readonly schema: Schema } }[];
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

const DECLARED: ReadonlyMap<string, Declaration> = new Map(await loadAll(PROGRAM));

/** These print what the protocol and the file hold, or examples of that. */
const AS_THEY_ARE = ['call', 'docs', 'export'];

/** What is wrong with the document of a command: `daemon logs`. */
export function faultsOf(path: string, document: unknown): string[] {
  const fields = DECLARED.get(`gardener ${path}`)?.document;
  const faults = AS_THEY_ARE.includes(path) ? [] : activeIds(document);
  if (fields === undefined) return [...faults, 'no document is declared'];
  if (typeof fields === 'string') return faults;
  if (!isJsonObject(document)) return ['it is no object'];
  const known = fieldsOf(fields);
  for (const [name, isOptional] of known) {
    if (!isOptional && !Object.hasOwn(document, name)) faults.push(`${name} is missing`);
  }
  const others = Object.keys(document).filter((name) => !known.has(name));
  return [...faults, ...others.map((name) => `${name} is not declared`)];
}

/** Each field, and whether it may be missing; what is told of it by itself goes before what its type says. */
function fieldsOf(document: Readonly<Record<string, string>>): Map<string, boolean> {
  const written = Object.keys(document).map((key) => ({
    name: key.replace(/\?$/, ''),
    isOptional: key.endsWith('?'),
  }));
  const all = written.flatMap(({ name, isOptional }): [string, boolean][] => {
    if (!name.startsWith('...')) return [];
    const { properties, required = [] } = typeOf(name.slice(3));
    return Object.keys(properties ?? {}).map((key) => [key, isOptional || !required.includes(key)]);
  });
  return new Map([
    ...all,
    ...written
      .filter(({ name }) => !name.startsWith('...'))
      .map(({ name, isOptional }) => [name, isOptional] as const),
  ]);
}

/** A type of the protocol, or the result of a method. */
function typeOf(name: string): Schema {
  const found = components.schemas[name] ?? methods.find((method) => method.name === name)?.result.schema;
  if (!found)
    throw new Error(`a command declares its document to be ${name}, which is no type of the protocol`);
  return found.$ref === undefined ? found : typeOf(found.$ref.slice(found.$ref.lastIndexOf('/') + 1));
}

/** Wherever an id stands for the active project. */
function activeIds(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'active_project' && typeof inner === 'string'
      ? [`${path}${key} is an id`]
      : activeIds(inner, `${path}${key}.`),
  );
}
