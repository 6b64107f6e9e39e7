/** Who imports whom: read from sources, held against rules. */
import { posix } from 'node:path';
import { parseSync } from 'rolldown/utils';

/** Sources by path from the root of the work tree. */
export type Sources = ReadonlyMap<string, string>;

export interface Import {
  readonly from: string;
  /** A path from the root of the work tree for our own files; otherwise as it is written. */
  readonly to: string;
  /** Types are gone when the programs run. */
  readonly kind: 'value' | 'type';
}

/** One row of the rules. Paths that end in a slash stand for all that is below them, `node:` for all of Node. */
export interface Rule {
  readonly files: readonly string[];
  readonly except?: readonly string[];
  readonly reason: string;
  /** The only files of ours that they may import, themselves aside; absent: any. */
  readonly own?: readonly string[];
  /** What they may import beside that as types. */
  readonly types?: readonly string[];
  /** The only packages they may import, Node's with their `node:`; absent: any. Types of packages are free. */
  readonly packages?: readonly string[];
  /** Files of ours that they must not import. */
  readonly never?: readonly string[];
}

/**
 * The imports of one file: static and dynamic ones, and what is exported from elsewhere. Dynamic imports of something
 * computed are left out. Types named as `import('./file.ts').Name` are too: the linter forbids them.
 */
export function importsOf(file: string, source: string): Import[] {
  const { module, errors } = parseSync(file, source);
  if (errors[0]) throw new Error(`cannot read ${file}: ${errors[0].message}`);
  const found: Import[] = [];
  const add = (specifier: string, types: readonly boolean[]) => {
    const to = specifier.startsWith('.')
      ? posix.normalize(posix.join(posix.dirname(file), specifier))
      : specifier;
    // An import of nothing runs the file.
    found.push({ from: file, to, kind: types.length > 0 && types.every(Boolean) ? 'type' : 'value' });
  };
  for (const { moduleRequest, entries } of module.staticImports) {
    add(
      moduleRequest.value,
      entries.map(({ isType }) => isType),
    );
  }
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest, isType } of entries) if (moduleRequest) add(moduleRequest.value, [isType]);
  }
  for (const { moduleRequest } of module.dynamicImports) {
    const literal = /^(['"])(.*)\1$/.exec(source.slice(moduleRequest.start, moduleRequest.end));
    if (literal?.[2]) add(literal[2], []);
  }
  return found;
}

export function allImports(sources: Sources): Import[] {
  return [...sources].flatMap(([file, source]) => importsOf(file, source));
}

/** The imports that break a rule, as lines for people. */
export function violations(imports: readonly Import[], rule: Rule): string[] {
  return imports
    .filter((one) => breaks(one, rule))
    .map(({ from, to, kind }) => `${from} imports ${kind} ${to}`);
}

function breaks({ from, to, kind }: Import, rule: Rule): boolean {
  if (!covers(rule, from)) return false;
  if (!/^(src|client|test)\//.test(to)) {
    return kind === 'value' && rule.packages !== undefined && !within(to, rule.packages);
  }
  if (within(to, rule.never)) return true;
  if (rule.own === undefined || covers(rule, to) || within(to, rule.own)) return false;
  return kind === 'value' || !within(to, rule.types);
}

function covers({ files, except }: Rule, file: string): boolean {
  return within(file, files) && !within(file, except);
}

function within(file: string, places: readonly string[] = []): boolean {
  return places.some((place) => (/[/:]$/.test(place) ? file.startsWith(place) : file === place));
}

/** The files of one way round for each cycle of imports, first to first. */
export function cycles(imports: readonly Import[]): string[][] {
  const next = new Map<string, Set<string>>();
  for (const { from, to } of imports) next.set(from, (next.get(from) ?? new Set()).add(to));
  const done = new Set<string>();
  const found: string[][] = [];
  const visit = (file: string, way: readonly string[]) => {
    const start = way.indexOf(file);
    if (start !== -1) found.push([...way.slice(start), file]);
    if (start !== -1 || done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...way, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return found;
}
