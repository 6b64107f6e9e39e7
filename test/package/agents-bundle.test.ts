/** What serves agents, with the packages of their protocol, is in a file that nothing else loads. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { builtProgram } from '../support/cli.ts';

const SERVER = 'gardener-mcp-server.js';

/** The files of the command line by name, and those that each loads before it begins. */
function built(): { texts: Map<string, string>; loads: (name: string) => Set<string> } {
  const dist = dirname(builtProgram('gardener.js'));
  const names = readdirSync(dist).filter((name) => /^gardener(-[\w-]+)?\.js$/.test(name));
  const texts = new Map(names.map((name) => [name, readFileSync(join(dist, name), 'utf8')]));
  return {
    texts,
    loads(entry) {
      const loaded = new Set([entry]);
      // What is added meanwhile comes, too.
      for (const name of loaded) {
        for (const [, found = ''] of (texts.get(name) ?? '').matchAll(
          /^(?:import|export)\b[^;]*?"\.\/([\w-]+\.js)";$/gm,
        ))
          loaded.add(found);
      }
      return loaded;
    },
  };
}

test('only `gardener mcp` loads it, when it serves', () => {
  const { texts, loads } = built();
  const bringing = [...texts.keys()].filter((name) => loads(name).has(SERVER));
  const late = [...texts].filter(([, text]) => bringing.some((name) => text.includes(`import("./${name}")`)));
  expect(late.map(([name]) => name)).toEqual(['gardener-mcp.js']);
  expect(bringing).not.toContain('gardener-mcp.js');
});

test('no other file has anything of the packages, and it has what validates JSON schemas left out', () => {
  const having = (part: string): string[] =>
    [...built().texts].filter(([, text]) => text.includes(part)).map(([name]) => name);
  expect(having('notifications/initialized')).toEqual([SERVER]);
  expect(having('$ZodType')).toEqual([SERVER]);
  expect(having('strictSchema')).toEqual([]);
});
