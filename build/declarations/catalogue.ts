/** What the catalogue declares, in TypeScript: methods by family, what they take and give, events and errors. */
import { inspect } from 'node:util';
import { z } from 'zod';
import { ERRORS } from '../../src/domain/errors.ts';
import { events } from '../../src/protocol/events.ts';
import { declaredErrors, type Method } from '../../src/protocol/method.ts';
import { methods } from '../../src/protocol/methods.ts';
import { FAMILIES } from '../../src/protocol/openrpc.ts';
import { comment, row } from './comment.ts';
import { errorsText } from './errors.ts';
import { inCamelCase, Shapes } from './shapes.ts';

/** Of another standard, which says what else is in it. */
const OPENRPC = 'OpenRpcDocument';

export interface Catalogue {
  /** Declarations without `export`; `JsonObject` and `CallOptions`, which some are made of, stand elsewhere. */
  readonly text: string;
  /** What `Params` and `Result` are called of each method. */
  readonly types: ReadonlyMap<string, { readonly Params: string; readonly Result: string }>;
}

export function catalogueTypes(): Catalogue {
  const shapes = new Shapes();
  const told = Object.entries(methods).map(([name, method]) => toldOf(name, method, shapes));
  const parts = [familiesText(told), methodsText(told), eventsText(shapes), errorsText(shapes)];
  return {
    text: [...parts, ...shapes.declarations.values()].join('\n\n'),
    types: new Map(told.map(({ name, params, result }) => [name, { Params: params, Result: result }])),
  };
}

interface Told {
  readonly name: string;
  readonly method: Method;
  readonly params: string;
  readonly result: string;
  readonly isOptional: boolean;
}

function toldOf(name: string, method: Method, shapes: Shapes): Told {
  const title = inCamelCase(name);
  const meaning = (what: string) => `What \`${name}\` ${what}. ${method.summary}`;
  return {
    name,
    method,
    params: shapes.typeOf(method.params, 'input', `${title}Params`, meaning('takes')),
    result:
      name === 'rpc.discover'
        ? OPENRPC
        : shapes.typeOf(method.result, 'output', `${title}Result`, meaning('gives')),
    isOptional: method.params.safeParse({}).success,
  };
}

/** One interface per family, because what a mapped type makes has no comments. */
function familiesText(told: readonly Told[]): string {
  const families = Object.entries(FAMILIES);
  const declared = families.map(([family, about]) => {
    const own = told.filter(({ name }) => name.startsWith(`${family}.`));
    const members = own.map((one) => verbText(one, one.name.slice(family.length + 1)));
    return `${comment([about])}interface ${inCamelCase(family)}Family {\n${members.join('\n')}}`;
  });
  const members = families.map(
    ([family, about]) => `${comment([about], '  ')}  readonly ${family}: ${inCamelCase(family)}Family;\n`,
  );
  return [
    ...declared,
    `/** The families of methods, by the part of their names before the dot. */\ninterface Families {\n${members.join('')}}`,
    '/** What stands before the dot in the name of a method. */\ntype FamilyName = keyof Families;',
    '/** The methods of one family, by the part of the name after the dot. */\ntype Family<F extends FamilyName> = Families[F];',
  ].join('\n\n');
}

function verbText({ name, method, params, result, isOptional }: Told, verb: string): string {
  const throws = declaredErrors(method).map(
    (kind) => `@throws {RegistryError} \`${kind}\`: ${ERRORS[kind].meaning}`,
  );
  const about = [
    method.summary,
    method.description,
    `@param params ${membersText(method)}`,
    '@param options how long to wait for this call, and whom to tell',
    ...throws,
    exampleOf(name, method),
  ];
  return `${comment(about, '  ')}  ${verb}(params${isOptional ? '?' : ''}: ${params}, options?: CallOptions): Promise<${result}>;\n`;
}

/** What an editor says of the params while somebody writes them. */
function membersText({ params }: Method): string {
  const { properties = {}, required = [] } = z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' });
  const optional = Object.keys(properties).filter((name) => !required.includes(name));
  const listed = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');
  const parts = [listed(required), optional.length > 0 ? `if wanted ${listed(optional)}` : ''];
  return parts.filter((part) => part !== '').join('; ') || 'none: nothing is to be said';
}

/** A call as somebody writes it, and what it gives where that is short. */
function exampleOf(name: string, { example: { params, result } }: Method): string {
  const inCode = (value: unknown) => inspect(value, { depth: null, breakLength: 90, maxStringLength: null });
  const given = Object.keys(params as object).length > 0 ? inCode(params) : '';
  const got = inCode(result);
  const told = got.length > 90 || got.includes('\n') ? '' : ` // ${got}`;
  return `@example\nawait registry.${name}(${given});${told}`;
}

function methodsText(told: readonly Told[]): string {
  const members = told.map(
    ({ name, method, params, result }) =>
      `${comment([method.summary], '  ')}  '${name}': { params: ${params}; result: ${result}; kind: '${method.kind}' };\n`,
  );
  return `${comment(['Every method of the protocol: what it takes, what it gives, and whether it only reads.'])}interface Methods {
${members.join('')}}

/** The name of a method, as \`projects.get\`. */
type MethodName = keyof Methods;

/** What a caller gives. */
type Params<M extends MethodName> = Methods[M]['params'];

/** What a caller gets. */
type Result<M extends MethodName> = Methods[M]['result'];

/** Methods that can be called again after a lost connection without doing anything twice. */
type ReadMethod = { [M in MethodName]: Methods[M]['kind'] extends 'read' ? M : never }[MethodName];

/** None: nothing is to be said. */
type NoParams = Record<string, never>;

/** An OpenRPC document: https://spec.open-rpc.org */
type ${OPENRPC} = JsonObject & {
  /** The version of OpenRPC. */
  openrpc: string;
};`;
}

function eventsText(shapes: Shapes): string {
  const names = events.map(({ type }) => `${inCamelCase(type)}Event`);
  const declared = events.map(({ schema, summary, type }) => {
    const name = `${inCamelCase(type)}Event`;
    const { type: _type, ...others } = Object.fromEntries(shapes.membersOf(schema, name));
    const told = comment([row(type, summary)], '  ');
    return `${comment([summary])}interface ${name} {\n${told}  type: '${type}';\n${Object.values(others).join('')}}`;
  });
  return `${declared.join('\n\n')}\n\n/** What a subscriber is told, told apart by \`type\`. */\ntype RegistryEvent = ${names.join(' | ')};`;
}
