import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRegistry } from '../../src/store/format/decode.ts';
import type { FileFault } from '../../src/store/format/fault.ts';
import { NOW, project, uuid } from '../support/projects.ts';

function faultOf(content: string | Buffer): FileFault {
  const decoded = decodeRegistry(Buffer.from(content), NOW);
  if (decoded.ok) throw new Error('the file was read');
  return decoded.fault;
}

/** A file as a person sees it; `edit` spoils it, at a place that a marker `@` shows. */
function spoilt(edit: (text: string) => string): { content: string; line: number; column: number } {
  const projects = { [uuid(1)]: project(1), [uuid(2)]: project(2) };
  const marked = edit(JSON.stringify({ version: '1.2', active_project: null, projects }, null, 2));
  const at = marked.indexOf('@');
  if (at === -1) throw new Error('nothing was spoilt');
  const before = marked.slice(0, at).split('\n');
  return { content: marked.replace('@', ''), line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

const replace = (from: string | RegExp, to: string) => (text: string) => text.replace(from, to);

describe('a fault in the file is told with its line and column', () => {
  test.each([
    ['a missing comma', replace('"name": "p2",', '"name": "p2"'), /comma/, null],
    ['a comma too many', replace('"projects": {', '"projects": {,'), /expected/, null],
    ['a missing quote', replace('"name": "p2",', '"name": "p2,'), /string/, null],
    ['a comment', replace('"version"', '// mine\n  "version"'), /comment/, null],
    ['a control character in a string', replace('"p2"', '"p\u0001"'), /./, null],
    ['a version that is none', replace('"1.2"', '@"one"'), /version/, 'version'],
    ['a version that is a number', replace('"1.2"', '@1.2'), /version/, 'version'],
    [
      'an active project that is no id',
      replace('"active_project": null', '"active_project": @7'),
      /id/,
      'active_project',
    ],
    ['a name that is taken', replace('"p2"', '@"P1"'), /taken by .*0001/, 'name'],
    ['a name that cannot be one', replace('"p2"', '@"a/b"'), /contains \//, 'name'],
    [
      'a wrong type',
      replace(/"file_count": 0(?![\s\S]*"file_count")/, '"file_count": @"many"'),
      /number/,
      'file_count',
    ],
    ['a negative count', replace('"file_count": 0', '"file_count": @-1'), />=0|small/i, 'file_count'],
    ['a status that is none', replace('"not_started"', '@"done"'), /option/, 'training_status'],
    ['a tag of another type', replace('"tags": []', '"tags": ["a", @1]'), /string/, 'tags.1'],
    ['metadata that is no object', replace('"metadata": {}', '"metadata": @[]'), /object/, 'metadata'],
    [
      'a time that is none',
      replace(`"created_at": "${NOW}"`, '"created_at": @"soon"'),
      /ISO 8601/,
      'created_at',
    ],
    [
      'a day that does not exist',
      replace(`"created_at": "${NOW}"`, '"created_at": @"2026-02-30T00:00:00.000Z"'),
      /ISO/,
      'created_at',
    ],
    [
      'an id that is not the key',
      replace(`"project_id": "${uuid(1)}"`, `"project_id": @"${uuid(3)}"`),
      /key/,
      'project_id',
    ],
    [
      'a missing name',
      (text: string) => text.replace('"name": "p1",', '').replace(`"${uuid(1)}": {`, `"${uuid(1)}": @{`),
      /./,
      'name',
    ],
  ])('%s', (_what, edit, message, path) => {
    if (path === null) {
      const fault = faultOf(spoilt((text) => `${edit(text)}@`).content);
      expect(fault.message).toMatch(/not valid JSON/);
      expect(fault.message).toMatch(message);
      expect(fault.line).toBeGreaterThan(0);
      expect(fault.column).toBeGreaterThan(0);
      return;
    }
    const { content, line, column } = spoilt(edit);
    const fault = faultOf(content);
    expect(fault.message).toMatch(message);
    expect(fault.message).toContain(`${path}: `);
    expect(fault).toMatchObject({ line, column });
  });

  test.each([
    ['', 1, 1],
    [' \n \n', 1, 1],
    ['{', 1, 2],
    ['{\n  "version": "1.2",\n', 3, 1],
    ['[]', 1, 1],
    ['null', 1, 1],
    ['"text"', 1, 1],
    ['{} {}', 1, 4],
    ['\uFEFF[1]', 1, 1],
  ])('%j', (content, line, column) => {
    expect(faultOf(content)).toMatchObject({ line, column });
  });

  test('projects that are a list, or are not there at all', () => {
    expect(faultOf('{"version":"1.2","projects":[]}')).toMatchObject({ line: 1, column: 29 });
    // A registry without projects says so with {}. What says nothing must not empty the registry.
    expect(faultOf('{}')).toMatchObject({ line: 1, column: 1 });
    expect(faultOf('{"version":"1.2","active_project":null}').message).toMatch(/projects/);
  });

  test('a key that is no id', () => {
    const text = JSON.stringify({ version: '1.2', projects: { mine: { name: 'x', source_path: '/x' } } });
    expect(faultOf(text)).toMatchObject({ message: /UUID/, line: 1 });
    expect(faultOf(text.replace('mine', '__proto__')).message).toMatch(/UUID/);
  });

  test('bytes that are not UTF-8, which would be lost', () => {
    const text = '{\n  "version": "1.2",\n  "projects": {},\n  "who": "Zoë"\n}\n';
    expect(faultOf(Buffer.from(text, 'latin1'))).toMatchObject({ message: /UTF-8/, line: 4, column: 13 });
    expect(faultOf(Buffer.from(text, 'utf16le')).message).toMatch(/UTF-8|JSON/);
  });
});

describe('a key that stands twice', () => {
  const id = uuid(1);
  const one = JSON.stringify(project(1));
  const copy = JSON.stringify(project(1, { name: 'copy' }));

  test('would lose a project: a person copied one and forgot the key', () => {
    const text = `{\n"version": "1.2",\n"projects": {\n"${id}": ${one},\n  "${id}": ${copy}\n}\n}`;
    expect(faultOf(text)).toMatchObject({ message: /twice/, line: 5, column: 3 });
  });

  test('would lose all of them when it is "projects"', () => {
    expect(faultOf(`{"projects": {"${id}": ${one}}, "projects": {}}`)).toMatchObject({
      message: /twice/,
      line: 1,
    });
  });

  test('is found behind escapes', () => {
    const escaped = `\\u0030${id.slice(1)}`;
    expect(faultOf(`{"projects": {"${id}": ${one}, "${escaped}": ${copy}}}`)).toMatchObject({
      message: /twice/,
    });
  });

  test('is not seen where none is: in strings, in other objects, in lists', () => {
    const tricky = project(1, {
      name: 'a, b',
      source_path: '/x": {"y": 1}, "',
      metadata: { ':': ':', '{': [{ a: 1 }, { a: 2 }], '"\\': '\\"' },
    });
    const text = `{"projects": {"${id}": ${JSON.stringify(tricky)}}, "list": [{"a": 1}, {"a": 2}], "x": {"a": {"b": 1}}}`;
    expect(decodeRegistry(Buffer.from(text), NOW).ok).toBe(true);
  });
});

test('whatever one wrong character does to a file, it is read or the fault has a place', () => {
  const good = JSON.stringify(
    { version: '1.2', active_project: null, projects: { [uuid(1)]: project(1) } },
    null,
    2,
  );
  const lines = good.split('\n').length;
  fc.assert(
    fc.property(
      fc.nat(good.length - 1),
      fc.constantFrom('', ...Array.from('{}[]",:\\ x0-\n\t\u0000\u00a0\ufeff')),
      fc.boolean(),
      (at, character, insert) => {
        const text = good.slice(0, at) + character + good.slice(insert ? at : at + 1);
        const decoded = decodeRegistry(Buffer.from(text), NOW);
        if (decoded.ok) return;
        expect(decoded.fault.message).not.toBe('');
        expect(decoded.fault.line).toBeGreaterThan(0);
        expect(decoded.fault.line).toBeLessThanOrEqual(lines + 1);
        expect(decoded.fault.column).toBeGreaterThan(0);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a file nested as deep as nobody nests is a fault, and no crash', () => {
  expect(faultOf('['.repeat(200_000)).message).not.toBe('');
  expect(faultOf('['.repeat(200_000) + ']'.repeat(200_000)).message).not.toBe('');
});
