/** What TypeScript and editors are told of the library: all that the catalogue says, and nothing else. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'rolldown/parseAst';
import { expect, test } from 'vitest';
import { builtProgram } from '../support/cli.ts';
import { temporaryDirectory } from '../support/home.ts';
import { ourProgram, runIn } from './packed.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const place = join(dirname(builtProgram('gardener.js')), 'index.d.ts');
const text = readFileSync(place, 'utf8');
const { body } = parseAst(text, { lang: 'dts' }, place);

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

/** What is declared at the top, each name with its node. */
const declared = (body as unknown as Node[]).flatMap((statement) => {
  const node = (statement['declaration'] ?? statement) as Node;
  const named = (node['declarations'] ?? [node]) as Node[];
  const isExported = statement['declaration'] !== undefined;
  return named.flatMap(({ id }) => {
    const { name } = (id ?? {}) as { name?: string };
    return name === undefined ? [] : [{ name, type: node.type, isExported, isTold: isTold(statement) }];
  });
});

/** Whether a comment stands before it. */
function isTold({ start }: Node): boolean {
  return text.slice(0, start).trimEnd().endsWith('*/');
}

const MEMBERS = /^(TSPropertySignature|TSMethodSignature|PropertyDefinition|MethodDefinition)$/;
/** What the platform has. */
const PLATFORM = /^(AbortSignal|URL|AsyncDisposable)\./;
/** Their names say it: the name of an error's class, what `instanceof` looks at, private members. */
const PLAIN = /Error\.(name|prototype)$|\.private$/;

/** The members of what is exported. */
function* membersOf(node: unknown, owner = ''): Generator<{ name: string; isTold: boolean }> {
  if (typeof node !== 'object' || node === null) return;
  const { type, id, key, kind } = node as Node & Record<'id' | 'key', { name?: string } | null>;
  const name = MEMBERS.test(type) ? `${owner}.${key?.name ?? ''}` : (id?.name ?? owner);
  // What a constructor takes is in its own comment, as is what a method of the protocol takes and gives.
  if (kind === 'constructor' || owner === 'Methods') return;
  if (MEMBERS.test(type) && !PLAIN.test(name)) yield { name, isTold: isTold(node as Node) };
  for (const inner of Object.values(node)) yield* membersOf(inner, name);
}

test('every member of what is published has a text under the mouse', () => {
  const all = [...membersOf(body)].filter(({ name }) => !PLATFORM.test(name));
  const told = new Set(all.filter(({ isTold }) => isTold).map(({ name }) => name));
  // A class has the comments of the interfaces that it implements.
  for (const name of told) told.add(name.replace(/^(Families|Watching)\./, 'Client.'));
  expect(told.size).toBeGreaterThan(300);
  expect(all.map(({ name }) => name).filter((name) => !told.has(name))).toEqual([]);
});

test('every type of it has one, too', () => {
  const told = new Set(declared.filter((one) => one.isTold).map(({ name }) => name));
  expect(told.size).toBeGreaterThan(100);
  expect(declared.map(({ name }) => name).filter((name) => !told.has(name))).toEqual([]);
});

test('the values that it exports are those that the library has', async () => {
  const values = declared.filter(
    ({ type, isExported }) => isExported && !/^TS(?:Interface|TypeAlias)/.test(type),
  );
  const library = (await import(join(dirname(place), 'index.js'))) as object;
  expect(values.map(({ name }) => name).toSorted()).toEqual(Object.keys(library).toSorted());
});

test('it leads to no other file or package, and lets no unknown name through', () => {
  const tree = JSON.stringify(body);
  expect(tree).not.toMatch(/"type":"(?:Import\w+|TSImport\w+|ExportAll\w+)"|"source":\{/);
  expect(text).not.toMatch(/\/\/\/ *<|NodeJS/);
  expect(text).not.toMatch(/\[\w+: string\]: (?:unknown|any)/);
  // What others may say there is theirs.
  expect(text).not.toMatch(/(?<!(?:metadata|details)\?: Readonly<)Record<string, (?:unknown|any)>/);
  // A member whose type could not be told has none.
  expect(text).not.toMatch(/^ +(?:readonly )?\w+\??;$/m);
});

/** `Known` leaves out what files and answers may have beyond what is declared. */
const AGREEMENT = `
import type { z } from 'zod';
import type { errorData } from '${root}/src/protocol/error-data.ts';
import type * as events from '${root}/src/protocol/events.ts';
import type * as ours from '${root}/src/protocol/methods.ts';
import type * as told from '${root}/dist/index.js';

type Known<T> = T extends readonly (infer E)[] ? Known<E>[]
  : T extends object ? [KnownKeys<T>] extends [never] ? T : { [K in keyof T as K extends KnownKeys<T> ? K : never]: Known<T[K]> }
  : T;
type KnownKeys<T> = keyof { [K in keyof T as string extends K ? never : number extends K ? never : K]: 1 };
type Is<A, B> = (<T>() => T extends Known<A> ? 1 : 2) extends <T>() => T extends Known<B> ? 1 : 2 ? true : [A, B];

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Details<K extends told.ErrorKind> = Writable<Omit<Extract<told.ErrorData, { kind: K }>, 'kind' | 'suggestions'>>;
type OurDetails<K extends told.ErrorKind, D = z.output<(typeof errorData)[K]>> = D extends Record<string, never> ? {} : D;
type Of<K extends ours.MethodName> = {
  params: Is<ours.Params<K>, told.Params<K>>;
  result: Is<ours.Result<K>, told.Result<K>>;
  kind: Is<ours.Methods[K]['kind'], told.Methods[K]['kind']>;
};
type Agreed = { params: true; result: true; kind: true };
`;

/** A row for each, so that the compiler names what does not agree. */
async function agreement(): Promise<string> {
  const { methods } = await import('../../src/protocol/methods.ts');
  const { errorData } = await import('../../src/protocol/error-data.ts');
  const { events } = await import('../../src/protocol/events.ts');
  return [
    AGREEMENT,
    ...Object.keys(methods).map((name) => `({}) as Of<'${name}'> satisfies Agreed;`),
    ...Object.keys(errorData).map((kind) => `true satisfies Is<OurDetails<'${kind}'>, Details<'${kind}'>>;`),
    ...events.map(
      ({ type }) =>
        `true satisfies Is<events.EventOf<'${type}'>, Extract<told.RegistryEvent, { type: '${type}' }>>;`,
    ),
    'true satisfies Is<ours.MethodName, told.MethodName>;',
    'true satisfies Is<keyof typeof errorData, told.ErrorKind>;',
    'true satisfies Is<events.EventNotification, told.EventNotification>;',
    '',
  ].join('\n');
}

test('what is written says what the schemas check, for each method, error and event', async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'agreement.ts'), await agreement());
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      rewriteRelativeImportExtensions: false,
      typeRoots: [join(root, 'node_modules/@types')],
      paths: { zod: [join(root, 'node_modules/zod')] },
    },
    include: [],
    files: ['agreement.ts'],
  };
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config));
  const complaints = await runIn(directory, ourProgram('tsc'), ['-p', '.']).catch(
    (error: unknown) => (error as { stdout: string }).stdout,
  );
  expect(complaints).toBe('');
});
