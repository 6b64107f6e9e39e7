/** What the catalogue declares, in TypeScript: methods by family, what they take and give, events and errors. */
import { inspect } from 'node:util';
import { ERROR_KINDS, type ErrorKind, ERRORS } from '../../src/domain/errors.ts';
import { errorData } from '../../src/protocol/error-data.ts';
import { events } from '../../src/protocol/events.ts';
import { declaredErrors, type Method } from '../../src/protocol/method.ts';
import { methods } from '../../src/protocol/methods.ts';
import { FAMILIES } from '../../src/protocol/openrpc.ts';
import { comment } from './comment.ts';
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
    'type FamilyName = keyof Families;',
    '/** The methods of one family, by the part of the name after the dot. */\ntype Family<F extends FamilyName> = Families[F];',
  ].join('\n\n');
}

function verbText({ name, method, params, result, isOptional }: Told, verb: string): string {
  const throws = declaredErrors(method).map(
    (kind) => `@throws {RegistryError} \`${kind}\`: ${ERRORS[kind].meaning}`,
  );
  const about = [method.summary, method.description, ...throws, exampleOf(name, method)];
  return `${comment(about, '  ')}  ${verb}(params${isOptional ? '?' : ''}: ${params}, options?: CallOptions): Promise<${result}>;\n`;
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

/** A union in place of the class, which `kind` tells apart, and under the same name what makes one. */
function errorsText(shapes: Shapes): string {
  const nameOf = (kind: ErrorKind, what: 'Data' | 'Error') => inCamelCase(kind) + what;
  const union = (what: 'Data' | 'Error') => ERROR_KINDS.map((kind) => nameOf(kind, what)).join(' | ');
  const declared = ERROR_KINDS.map((kind) => {
    const { code, meaning } = ERRORS[kind];
    const details = [...shapes.membersOf(errorData[kind], nameOf(kind, 'Data'))].map(([member, text]) =>
      text.replace(new RegExp(`^  (?=${member}\\??:)`, 'm'), '  readonly '),
    );
    const told = comment([row(kind, meaning)], '  ');
    return `${comment([`What a \`${kind}\` error tells a program. ${meaning}`])}interface ${nameOf(kind, 'Data')} {
${told}  readonly kind: '${kind}';
  /** What the caller may have meant or can do; near names for \`project_not_found\`. */
  readonly suggestions: readonly string[];
${details.join('')}}

${comment([meaning])}interface ${nameOf(kind, 'Error')} extends Error {
  readonly name: 'RegistryError';
  /** The code of the JSON-RPC error. */
  readonly code: ${code};
${told}  readonly kind: '${kind}';
  /** What a program is told, beside the message, which is for a person. */
  readonly data: ${nameOf(kind, 'Data')};
}`;
  });
  const members = ERROR_KINDS.map(
    (kind) => `${comment([ERRORS[kind].meaning], '  ')}  ${kind}: ${nameOf(kind, 'Error')};\n`,
  );
  return `${declared.join('\n\n')}

/** The errors of the registry, by their kinds. */
interface RegistryErrors {\n${members.join('')}}

type ErrorKind = ${ERROR_KINDS.map((kind) => `'${kind}'`).join(' | ')};

/** What an error of the registry tells a program, told apart by \`kind\`. */
type ErrorData = ${union('Data')};

/**
 * The registry says no: \`kind\` says why, and after \`error.kind === 'lease_held'\` what is in \`data\` is known.
 *
 * @example
 * if (error instanceof RegistryError && error.kind === 'lease_held') console.log(error.data.holder);
 */
type RegistryError = ${union('Error')};

/** The registry says no: \`kind\` says why. */
declare const RegistryError: {
  /** @param details what \`data\` has beside \`kind\`; a daemon gives all of it */
  new <K extends ErrorKind>(kind: K, message: string, details?: Partial<Omit<RegistryErrors[K]['data'], 'kind'>>): RegistryErrors[K];
  readonly prototype: RegistryError;
};`;
}

/** A row of a list: where several kinds are possible, an editor shows what is said of each. */
function row(kind: string, meaning: string): string {
  return `- \`${kind}\`: ${meaning}`;
}
