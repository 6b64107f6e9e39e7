/** What a schema of the catalogue is in TypeScript: an interface with a name for each object, and no index signatures. */
import { z } from 'zod';
import { comment } from './comment.ts';

/** As much of JSON Schema as zod makes of the catalogue. */
interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly propertyNames?: Schema;
  readonly additionalProperties?: boolean | Schema;
}

/** Names that are better than those made of where an object is first met: by that, or by its id in the catalogue. */
const NAMES: Readonly<Record<string, string>> = {
  WireProject: 'Project',
  WireTraining: 'Training',
  ProjectName: 'NamedProject',
  DaemonHelloResult: 'Hello',
  'Hello.build': 'Build',
  'DaemonStatusResult.requests': 'Percentiles',
  'RegistryUndoResult.undone': 'Undone',
  'Lease.output': 'Output',
  'SlotTakenData.holders': 'SlotHolder',
  'TrainingPruneResult.pruned': 'PrunedProject',
};

/** Gathers the declarations that the types it gives are made of. */
export class Shapes {
  /** By name. */
  readonly declarations = new Map<string, string>();
  /** Names, by the members that they stand for. */
  readonly #names = new Map<string, string>();
  readonly #members = new Map<string, ReadonlyMap<string, string>>();
  #defined: Readonly<Record<string, Schema>> = {};

  /**
   * The type of what a schema lets through.
   *
   * @param io what a caller gives, or what a caller gets
   * @param name of an interface that it may need
   */
  typeOf(schema: z.ZodType, io: 'input' | 'output', name: string, meaning?: string): string {
    const { $defs = {}, ...shape } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
    this.#defined = $defs as Record<string, Schema>;
    return this.#type(shape as Schema, name, meaning);
  }

  /** The members of an object, each with its comment. */
  membersOf(schema: z.ZodType, name: string): ReadonlyMap<string, string> {
    const { $defs = {}, ...shape } = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
    this.#defined = $defs as Record<string, Schema>;
    return this.#membersOf(shape as Schema, name);
  }

  #type(schema: Schema, name: string, meaning = schema.description): string {
    const { $ref, anyOf, type, items } = schema;
    if ($ref !== undefined) return this.#defineds($ref);
    if (anyOf) return [...new Set(anyOf.map((one) => this.#type(one, name, meaning)))].join(' | ');
    if ('const' in schema) return literal(schema.const);
    if (schema.enum) return schema.enum.map(literal).join(' | ');
    if (type === 'object') return this.#object(schema, name, meaning);
    if (type === 'array') return listOf(this.#type(items ?? {}, name));
    if (typeof type === 'object') return type.map((one) => this.#type({ type: one }, name)).join(' | ');
    return type === 'integer' ? 'number' : (type ?? 'unknown');
  }

  #defineds($ref: string): string {
    const id = idOf($ref);
    const schema = this.#defined[id] ?? {};
    const type = this.#type(schema, id);
    if (!schema.enum) return type;
    this.declarations.set(id, `${comment([schema.description])}type ${id} = ${type};`);
    return id;
  }

  #object(schema: Schema, name: string, meaning: string | undefined): string {
    const { properties, additionalProperties: others } = schema;
    if (properties && Object.keys(properties).length > 0) return this.#declare(schema, name, meaning);
    if (others === false) return 'NoParams';
    if (typeof others !== 'object') return 'JsonObject';
    return `Record<${this.#type(schema.propertyNames ?? { type: 'string' }, name)}, ${this.#type(others, name)}>`;
  }

  /** Declares an interface, unless there is one of the same members, and gives its name. */
  #declare(schema: Schema, given: string, meaning: string | undefined): string {
    const name = NAMES[given] ?? given;
    const members = this.#membersOf(schema, name);
    const body = [...members.values()].join('');
    // What two methods take has two names, even where it is the same.
    const known = isParams(name) ? undefined : this.#names.get(body);
    if (known !== undefined) return known;
    if (this.declarations.has(name)) throw new Error(`cannot declare two different types named ${name}`);
    const base = this.#baseOf(members);
    const own = [...members].filter(([member]) => !base || !this.#members.get(base)?.has(member));
    const head = `${comment([meaning])}interface ${name}${base ? ` extends ${base}` : ''}`;
    if (!isParams(name)) this.#names.set(body, name);
    if (!/(?:Params|Result)$/.test(name)) this.#members.set(name, members);
    this.declarations.set(name, `${head} {\n${own.map(([, text]) => text).join('')}}`);
    return name;
  }

  #membersOf({ properties = {}, required = [] }: Schema, name: string): ReadonlyMap<string, string> {
    return new Map(
      Object.entries(properties).map(([member, schema]) => {
        const type = this.#type(schema, NAMES[`${name}.${member}`] ?? name + inCamelCase(member));
        const isOptional = !required.includes(member);
        const text = `  ${member}${isOptional ? '?' : ''}: ${type}${isOptional ? ' | undefined' : ''};\n`;
        return [member, comment([this.#meaningOf(schema), this.#wordsOf(schema)], '  ') + text];
      }),
    );
  }

  /** The declared interface with the most members of which all are among these. */
  #baseOf(members: ReadonlyMap<string, string>): string | undefined {
    const bases = [...this.#members].filter(([, those]) =>
      [...those].every(([name, text]) => members.get(name) === text),
    );
    return bases.toSorted(([, a], [, b]) => b.size - a.size)[0]?.[0];
  }

  /** What the words mean that a value may be, for who sees only the member; nothing where that is said of it anyway. */
  #wordsOf({ description, anyOf = [], items, $ref = '' }: Schema): string | undefined {
    const refs = [$ref, ...anyOf.map((one) => one.$ref ?? ''), items?.$ref ?? ''];
    const words = refs.map((ref) => this.#defined[idOf(ref)]).find((one) => one?.enum);
    // Not what the words are for, which is said of the member.
    return description === undefined ? undefined : words?.description?.replace(/^.*?\. (?=`)/, '');
  }

  /** What is said of a value, or of what it is when it is not null. */
  #meaningOf({ description, anyOf = [], $ref = '' }: Schema): string | undefined {
    if (description !== undefined) return description;
    const inner = [...anyOf, this.#defined[idOf($ref)] ?? {}];
    return inner.map((one) => one.description).find((text) => text !== undefined);
  }
}

function isParams(name: string): boolean {
  return name.endsWith('Params');
}

/** `TrainingBegin` for `training.begin`, `SetStatus` for `set_status`. */
export function inCamelCase(name: string): string {
  return name.replaceAll(/(?:^|[._])([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function idOf($ref: string): string {
  return $ref.slice($ref.lastIndexOf('/') + 1);
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll(/['\\]/g, '\\$&')}'` : JSON.stringify(value);
}

function listOf(type: string): string {
  return type.includes(' ') ? `(${type})[]` : `${type}[]`;
}
