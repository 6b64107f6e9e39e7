/** An entry in settings of JSON: where it goes, and that every other byte stays. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changed } from '../../../client/cli/mcp/changed.ts';
import { type Entry, NAME } from '../../../client/cli/mcp/format.ts';
import { JSON_ALONE, JSON_WITH_COMMENTS, JSONC } from '../../../client/cli/mcp/jsonc.ts';

const ENTRY: Entry = { command: '/node', args: ['gardener.js', 'mcp'] };
const put = (text: string, entry = ENTRY): string => changed(JSONC, text, 'servers', entry).text;
const take = (text: string): string => changed(JSONC, text, 'servers').text;
/** A text with its lines as a person writes them here. */
const lines = (...all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
const INNER = [
  '"gardener": {',
  '  "command": "/node",',
  '  "args": [',
  '    "gardener.js",',
  '    "mcp"',
  '  ]',
  '}',
] as const;
/** The entry as lines, moved in. */
const entry = (indent: string, after = ''): string[] => [
  ...INNER.slice(0, -1).map((line) => indent + line),
  `${indent}}${after}`,
];

test.each<[string, string, string]>([
  ['nothing', '', lines('{', '  "servers": {', ...entry('    '), '  }', '}')],
  ['an empty object', '{}', `{\n  "servers": {\n${entry('    ').join('\n')}\n  }\n}`],
  [
    'other servers',
    lines('{', '  "servers": {', '    "a": {}', '  },', '  "b": 1', '}'),
    lines('{', '  "servers": {', '    "a": {},', ...entry('    '), '  },', '  "b": 1', '}'),
  ],
  [
    'comments behind the last one, of which each stays where it is',
    lines('{ // x', '  "servers": {', '    "a": {} // of a', '    // "c": {}', '  }', '}'),
    lines('{ // x', '  "servers": {', '    "a": {}, // of a', '    // "c": {}', ...entry('    '), '  }', '}'),
  ],
  [
    'a comma at the end, which the new one has, too',
    lines('{', '  "servers": {', '    "a": {}, // of a', '  },', '}'),
    lines('{', '  "servers": {', '    "a": {}, // of a', ...entry('    ', ','), '  },', '}'),
  ],
  [
    'a comment alone',
    lines('{', '  "servers": {', '    // none', '  }', '}'),
    lines('{', '  "servers": {', '    // none', ...entry('    '), '  }', '}'),
  ],
  [
    'one line',
    '{"servers":{"a":{}},"b":[1, 2]}',
    `{"servers":{"a":{},"gardener":${JSON.stringify(ENTRY)}},"b":[1, 2]}`,
  ],
])('in a file with %s', (_, before, after) => {
  expect(put(before)).toBe(after);
  expect(put(after)).toBe(after);
});

test('it is indented as the file is, and has its line ends', () => {
  const before = '{\r\n\t"servers": {\r\n\t\t"a": {}\r\n\t}\r\n}\r\n';
  const inner = INNER.map((line) => `\t\t${line.replaceAll('  ', '\t')}`).join('\r\n');
  expect(put(before)).toBe(`{\r\n\t"servers": {\r\n\t\t"a": {},\r\n${inner}\r\n\t}\r\n}\r\n`);
});

test('of an entry that is there only what differs is changed', () => {
  const before = lines(
    '{ "servers": {',
    '  "gardener": { // mine',
    '    "args": ["/old/gardener.js", "mcp"], "timeout": 5, // ms',
    '    "command": "/node" } } }',
  );
  expect(put(before)).toBe(
    before.replace('["/old/gardener.js", "mcp"]', '[\n      "gardener.js",\n      "mcp"\n    ]'),
  );
  expect(take(before)).toBe(lines('{ "servers": {', '  } }').replace('{\n  } }', '{} }'));
});

test.each([
  ['{"servers": {"gardener": {"url": "http://x"}}}', /a server named gardener that is another one/],
  ['{"servers": {"gardener": {"command": "make", "args": ["rain"]}}}', /that is another one/],
  ['{"servers": []}', /servers in it is not what has servers by name/],
  ['{"servers": null}', /is not what has|nothing can be changed/],
  ['[]', /it is no object/],
  ['{"servers": {\n"a": }}', /cannot be parsed: value expected in line 2/],
  ['{"a": 1', /cannot be parsed: close brace expected in line 1/],
])('%s is left alone', (text, why) => {
  expect(() => put(text)).toThrow(why);
});

test('of two of one name the last is what programs read', () => {
  const before = '{"servers": {"x": {}}, "servers": {"a": {}}}';
  expect(JSON.parse(put(before))).toEqual({ servers: { a: {}, [NAME]: ENTRY } });
});

test('all of one name go', () => {
  const two =
    '{"servers": {"gardener": {"command": "gardener", "args": []}, "gardener": {"command": "gardener", "args": ["mcp"]}}}';
  expect(take(two)).toBe('{"servers": {}}');
});

test.each([
  [JSON_ALONE, '{\n// c\n"a": 1}', /a comment in line 2, and the program cannot read/],
  [JSON_ALONE, '{"a": 1,\n}', /a comma before the end in line 2/],
  [JSON_WITH_COMMENTS, '{"a": [1,]}', /a comma before the end in line 1/],
  [JSON_WITH_COMMENTS, '\uFEFF{}', /byte order mark/],
  [JSONC, `{"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`, /nested too deeply/],
])('what the program itself could not read is left alone', (format, text, why) => {
  expect(() => changed(format, text, 'servers', ENTRY)).toThrow(why);
});

test('each other program reads what is written for it', () => {
  expect(changed(JSON_WITH_COMMENTS, '{ // c\n}', 'servers', ENTRY).text).toContain('// c');
  expect(changed(JSON_ALONE, '\uFEFF{}', 'servers', ENTRY).text).toMatch(/^\uFEFF\{\n/);
  expect(put('// see the docs\n')).toBe(`// see the docs\n${put('')}`);
});

/** Settings as somebody may have written them. */
const written = (() => {
  const blank = fc.constantFrom('', ' ', '\n', '\n  ', ' // "x": {,\n', '/* } , */', '\n\n\t');
  const key = fc.constantFrom('a', 'b"', 'c // d', 'servers', 'é');
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('1', 'true', 'null', '"x, // }"', '[]', '[1, {}]', '{}'),
      object(tie('value')),
    ),
  }));
  function object(inner: fc.Arbitrary<string>, names: fc.Arbitrary<string> = key): fc.Arbitrary<string> {
    const member = fc.tuple(blank, names, blank, inner, blank);
    return fc
      .tuple(fc.uniqueArray(member, { selector: ([, name]) => name, maxLength: 3 }), blank, fc.boolean())
      .map(([members, end, comma]) => {
        const all = members.map(([a, name, b, text, c]) => `${a}${JSON.stringify(name)}${b}:${text}${c}`);
        return `{${all.join(',')}${comma && all.length > 0 ? ',' : ''}${end}}`;
      });
  }
  const others = fc.constantFrom('a', 'z', 'é');
  return fc
    .tuple(object(value, fc.constantFrom('x', 'y')), object(value, others), fc.boolean())
    .map(([rest, servers, first]) => {
      if (/^\{[^"]*\}$/.test(rest)) return `{"servers":${servers}}`;
      return first
        ? rest.replace('{', `{"servers":${servers},`)
        : rest.replace('{', `{\n "servers" : ${servers},\n`);
    });
})();

test('whatever is there, each byte of it stays in its order, and is all that is left afterwards', () => {
  fc.assert(
    fc.property(written, (before) => {
      const after = put(before);
      expect(JSONC.read(after)['servers']).toHaveProperty(NAME);
      let at = 0;
      for (const character of after) if (before.startsWith(character, at)) at += character.length;
      expect(at).toBe(before.length);
      expect(put(after)).toBe(after);
      const left = take(after);
      // Lines that were made for it may stay.
      const plain = (text: string): string => text.replaceAll(/\s/g, '');
      expect(plain(left)).toBe(plain(before));
    }),
    { numRuns: 100 },
  );
});
