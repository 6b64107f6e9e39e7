import { describe, expect, test } from 'vitest';
import { allImports, cycles, importsOf, type Rule, violations } from './imports.ts';

describe('the imports of a file', () => {
  /** The imports of src/store/store.ts with this text, as `kind path`. */
  const read = (source: string) =>
    importsOf('src/store/store.ts', source).map(({ kind, to }) => `${kind} ${to}`);

  test.each([
    ["import { a } from './a.ts'", 'value src/store/a.ts'],
    ["import a from '../paths.ts'", 'value src/paths.ts'],
    ["import * as a from '../../client/a.ts'", 'value client/a.ts'],
    ["import './a.ts'", 'value src/store/a.ts'],
    ["import {} from './a.ts'", 'value src/store/a.ts'],
    ["import type { A } from './a.ts'", 'type src/store/a.ts'],
    ["import { type A, type B } from './a.ts'", 'type src/store/a.ts'],
    ["import { type A, b } from './a.ts'", 'value src/store/a.ts'],
    ["export * from './a.ts'", 'value src/store/a.ts'],
    ["export { a } from './a.ts'", 'value src/store/a.ts'],
    ["export type { A } from './a.ts'", 'type src/store/a.ts'],
    ["await import('./a.ts')", 'value src/store/a.ts'],
    ["import { readFile } from 'node:fs/promises'", 'value node:fs/promises'],
    ["import type { Logger } from 'pino'", 'type pino'],
  ])('%s', (source, expected) => {
    expect(read(source)).toEqual([expected]);
  });

  test('what only looks like one is none', () => {
    expect(
      read(`// import './a.ts'\nconst text = "import './b.ts'"; await import(text); export { text };`),
    ).toEqual([]);
  });

  test('a file that cannot be read is an error', () => {
    expect(() => read('import {')).toThrow('cannot read src/store/store.ts');
  });
});

describe('a rule', () => {
  const rule: Rule = {
    files: ['client/'],
    except: ['client/cli/'],
    reason: 'for the sake of the example',
    own: ['src/paths.ts'],
    types: ['src/domain/'],
    packages: ['node:', 'json-rpc-2.0'],
    never: ['client/secret.ts'],
  };
  /** What the rule says about a file with these imports. */
  const judge = (file: string, ...specifiers: string[]) =>
    violations(
      specifiers.flatMap((text) => importsOf(file, text)),
      rule,
    );

  test('lets the files have each other, what it names, and types of any package', () => {
    const allowed = [
      "import './connect.ts'",
      "import { resolvePaths } from '../src/paths.ts'",
      "import type { Project } from '../src/domain/project.ts'",
      "import { createConnection } from 'node:net'",
      "import type { z } from 'zod'",
    ];
    expect(judge('client/index.ts', ...allowed)).toEqual([]);
  });

  test.each([
    ["import './cli/main.ts'", 'client/index.ts imports value client/cli/main.ts'],
    ["import './secret.ts'", 'client/index.ts imports value client/secret.ts'],
    [
      "import { etagOf } from '../src/domain/encoding.ts'",
      'client/index.ts imports value src/domain/encoding.ts',
    ],
    ["import type { Store } from '../src/store/store.ts'", 'client/index.ts imports type src/store/store.ts'],
    ["import { z } from 'zod'", 'client/index.ts imports value zod'],
    ["export { z } from 'zod'", 'client/index.ts imports value zod'],
  ])('refuses %s', (source, expected) => {
    expect(judge('client/index.ts', source)).toEqual([expected]);
  });

  test('is about its own files only', () => {
    expect(
      judge('client/cli/main.ts', "import { z } from 'zod'", "import '../../src/store/store.ts'"),
    ).toEqual([]);
    expect(judge('client.ts', "import { z } from 'zod'")).toEqual([]);
  });
});

describe('cycles', () => {
  /** Made-up files by name with the names of those they import. */
  const among = (files: Record<string, string[]>) =>
    cycles(
      allImports(
        new Map(
          Object.entries(files).map(([file, targets]) => [
            `src/${file}.ts`,
            targets.map((target) => `import './${target}.ts';`).join('\n'),
          ]),
        ),
      ),
    ).map((way) => way.map((file) => file.slice(4, -3)).join(' '));

  test('are found wherever one comes in', () => {
    expect(among({ main: ['a'], a: ['b'], b: ['c'], c: ['a'] })).toEqual(['a b c a']);
    expect(among({ a: ['a'] })).toEqual(['a a']);
  });

  test('are not seen in two ways to one file', () => {
    expect(among({ main: ['a', 'b'], a: ['c'], b: ['c'], c: [] })).toEqual([]);
  });
});
