/**
 * The declarations that are published, in one file: what the catalogue says, written anew with every text, and what else
 * can be seen of the library, as it is written in its sources. Nothing in it leads to another file or package.
 */
import { catalogueTypes } from './catalogue.ts';
import { type Declared, type Module, parseModule, readModule } from './handwritten.ts';

const ENTRY = 'client/index.ts';
const CATALOGUE = 'catalogue.d.ts';
/** Files of which it takes the place, name by name: their types are inferred from the schemas. */
const REPLACED = /^(?:src\/(?:protocol|domain)\/.*|client\/(?:index|verbs)\.ts)$/;

const HEAD = '/** The client library of the Codebase Gardener registry. Begin with {@link connect}. */';

const IMPORTS = `
import type { CallOptions } from './client/verbs.ts';
import type { JsonObject } from './src/domain/project.ts';
`;

/** Names of the platform, which a program may have from the DOM, from Node or not at all, and with which it gets them. */
const PLATFORM = `/** As the types of the DOM or of Node have it, whichever the program uses. */
type AbortSignal = typeof globalThis extends { AbortSignal: { prototype: infer S } } ? S : { readonly aborted: boolean };

/** The same of a URL. */
type URL = typeof globalThis extends { URL: { prototype: infer U } } ? U : { readonly href: string };

/** For \`await using\`, where the program has that. */
type AsyncDisposable = SymbolConstructor extends { readonly asyncDispose: infer S extends symbol }
  ? { [K in S]: () => Promise<void> }
  : {};
`;

/** @param root of the work tree, which is the working directory */
export function declarationsText(): string {
  const { text: told, types } = catalogueTypes();
  const catalogue = parseModule(CATALOGUE, IMPORTS + told);
  const modules = new Map<string, Module>([[CATALOGUE, catalogue]]);
  const moduleOf = (path: string): Module => {
    const known = modules.get(path) ?? readModule(path);
    modules.set(path, known);
    return known;
  };

  const entry = moduleOf(ENTRY);
  const visible = new Set([...entry.passedOn, ...entry.declared.keys(), ...catalogue.declared.keys()]);
  const found = new Map<string, readonly Declared[]>();
  const origins = new Map<string, string>();
  const follow = (name: string, path: string): void => {
    const place = REPLACED.test(path) && catalogue.declared.has(name) ? catalogue : moduleOf(path);
    const declared = place.declared.get(name);
    const next = place.elsewhere.get(name);
    if (!declared) {
      // Neither: it is a name of the platform, or a type parameter.
      if (next) {
        if (next.name !== name) throw new Error(`cannot declare ${next.name} as ${name}, in ${place.path}`);
        follow(name, next.path);
      }
      return;
    }
    const origin = origins.get(name) ?? place.path;
    if (origin !== place.path)
      throw new Error(`cannot declare ${name} of ${place.path}: ${origin} has one, too`);
    if (found.has(name)) return;
    origins.set(name, origin);
    found.set(name, declared);
    for (const { refers } of declared) for (const other of refers) follow(other, place.path);
  };
  for (const name of entry.passedOn) follow(name, ENTRY);
  for (const name of entry.declared.keys()) follow(name, ENTRY);
  for (const name of catalogue.declared.keys()) follow(name, CATALOGUE);

  const texts = [...found].flatMap(([name, declared]) =>
    declared.map(({ text }) =>
      visible.has(name) ? text.replace(/^(?=declare |interface |type |abstract )/m, 'export ') : text,
    ),
  );
  return (
    [HEAD, PLATFORM, ...texts, 'export {};\n']
      .join('\n\n')
      // By its name an editor shows what a method takes and gives.
      .replaceAll(
        /\b(Params|Result)<"([\w.]+)">/g,
        (whole, what: 'Params' | 'Result', name: string) => types.get(name)?.[what] ?? whole,
      )
      .replaceAll(/^\t+/gm, (tabs) => '  '.repeat(tabs.length))
      .replaceAll(/^((?:  )*)\*/gm, '$1 *')
  );
}
