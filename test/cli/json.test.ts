import { describe, expect, test } from 'vitest';
import { JsonFault, parseJson } from '../../client/cli/json.ts';

test('JSON is read as it is', async () => {
  expect(await parseJson('{"a": [1, null, "x"]}')).toEqual({ a: [1, null, 'x'] });
  const tricky = await parseJson('{"__proto__": 1}');
  expect(Object.keys(tricky as object)).toEqual(['__proto__']);
});

test('a byte-order mark, as some editors write it, is no part of JSON', async () => {
  expect(await parseJson('\uFEFF{"a": 1}')).toEqual({ a: 1 });
  await expect(parseJson('\uFEFF{"a": }')).rejects.toMatchObject({ line: 1, column: 7 });
});

describe('a fault is found at its place:', () => {
  test.each([
    ['', 1, 1],
    ['{', 1, 2],
    ['{"a": }', 1, 7],
    ['{"a": payments}', 1, 7],
    ['{"a": 1,}', 1, 9],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
    ['{"a": 1} x', 1, 10],
    ["{'a': 1}", 1, 2],
    ['{"a": 1 /* why */}', 1, 9],
    ['["unfinished', 1, 2],
    ['[01]', 1, 3],
  ])('%j', async (text, line, column) => {
    const fault: unknown = await parseJson(text).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(JsonFault);
    expect(fault).toMatchObject({ line, column });
    expect((fault as JsonFault).message).toMatch(/^line \d+, column \d+: [a-z]/i);
  });
});
