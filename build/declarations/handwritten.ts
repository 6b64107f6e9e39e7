/** What is declared in the sources of the library, as far as others can see it. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isolatedDeclarationSync } from 'rolldown/experimental';
import { parseAst } from 'rolldown/parseAst';

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Declared {
  readonly name: string;
  /** With its comment, and without `export`. */
  readonly text: string;
  /** What it is made of, by the names that it has in its module. */
  readonly refers: ReadonlySet<string>;
}

/** A module, which leads to others. */
export interface Module {
  readonly path: string;
  readonly declared: ReadonlyMap<string, readonly Declared[]>;
  /** What it has from others, by the name that it has here. */
  readonly elsewhere: ReadonlyMap<string, { readonly path: string; readonly name: string }>;
  /** What it gives to others from others. */
  readonly passedOn: readonly string[];
}

/** @throws where an export has a type that only a compiler could find out */
export function readModule(path: string): Module {
  const { code, errors } = isolatedDeclarationSync(path, readFileSync(path, 'utf8'), { stripInternal: true });
  // Of the catalogue and what it stands on only types are taken, which are always written out.
  if (errors.length > 0 && !/^src\/(protocol|domain)\//.test(path))
    throw new Error(
      `cannot declare what ${path} exports: ${errors.map(({ message }) => message).join(', ')}`,
    );
  return parseModule(path, code);
}

/** @param code declarations */
export function parseModule(path: string, code: string): Module {
  const declared = new Map<string, Declared[]>();
  const elsewhere = new Map<string, { path: string; name: string }>();
  const passedOn: string[] = [];
  let before = 0;
  for (const statement of parseAst(code, { lang: 'dts' }, path).body as unknown as Node[]) {
    const declaration = (statement['declaration'] ?? statement) as Node;
    const source = statement['source'] as { value: string } | null | undefined;
    for (const specifier of (statement['specifiers'] ?? []) as Record<string, { name: string }>[]) {
      const local = (specifier['exported'] ?? specifier['local'])?.name ?? '';
      const name = (specifier['imported'] ?? specifier['local'])?.name ?? '';
      elsewhere.set(local, { path: join(dirname(path), source?.value ?? ''), name });
      if (specifier['exported']) passedOn.push(local);
    }
    for (const name of namesOf(declaration)) {
      const [told = ''] = /\/\*\*(?:(?!\*\/)[^])*\*\/\s*$/.exec(code.slice(before, statement.start)) ?? [];
      const text = told + code.slice(declaration.start, declaration.end);
      declared.set(name, [...(declared.get(name) ?? []), { name, text, refers: referencesOf(declaration) }]);
    }
    before = statement.end;
  }
  return { path, declared, elsewhere, passedOn };
}

function namesOf(declaration: Node): string[] {
  const named = (node: unknown) => (node as { id?: { name?: string } | null }).id?.name;
  const nodes =
    declaration.type === 'VariableDeclaration' ? (declaration['declarations'] as unknown[]) : [declaration];
  return nodes.map(named).filter((name) => name !== undefined);
}

/** Where a name stands for a type or a value, and is not just the name of a member. */
const NAMING: Readonly<Record<string, string>> = {
  TSTypeReference: 'typeName',
  TSTypeQuery: 'exprName',
  TSInterfaceHeritage: 'expression',
  TSClassImplements: 'expression',
  ClassDeclaration: 'superClass',
};

function referencesOf(node: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof node !== 'object' || node === null) return found;
  const { type } = node as { type?: string };
  const named = (node as Record<string, unknown>)[NAMING[type ?? ''] ?? ''] as Node | null | undefined;
  if (named?.type === 'Identifier') found.add(named['name'] as string);
  for (const inner of Object.values(node)) referencesOf(inner, found);
  return found;
}
