import { describe, expect, test } from 'vitest';
import { RegistryError } from '../../../src/domain/errors.ts';
import { containing, findProject, normalizePath } from '../../../src/domain/places/references.ts';
import type { Registry } from '../../../src/domain/registry.ts';
import { project, registryOf, uuid } from '../../support/projects.ts';

function refusal(view: Registry, reference: string): RegistryError {
  try {
    findProject(view, reference);
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
  throw new Error(`${reference} was found`);
}

describe('a reference', () => {
  const registry = registryOf(
    project(1, { name: 'Payments API', source_path: '/src/payments' }),
    project(2, { name: 'Café', source_path: '/src/payments/lib/café' }),
    project(0xabc, { name: 'root', source_path: '/' }),
    project(4, { name: uuid(1).toUpperCase(), source_path: '/elsewhere' }),
  );

  test.each([
    ['an id', uuid(1), 1],
    ['an id in capitals', uuid(0xabc).toUpperCase(), 0xabc],
    ['a name', 'Payments API', 1],
    ['a name in another case', 'pAYMENTS api', 1],
    ['a name with spaces around it', ' payments api\n', 1],
    ['a name that is not composed', 'cafe\u0301', 2],
    ['a path', '/src/payments', 1],
    ['a path with a slash at its end', '/src/payments/', 1],
    ['a path with detours', '/src/./x/../payments//', 1],
    ['a path in the codebase', '/src/payments/api/main.ts', 1],
    ['a path in the closest of several', '/src/payments/lib/café/deep/down', 2],
    ['a path that only begins like one', '/src/payments-old', 0xabc],
    ['a path above the root', '/../..', 0xabc],
  ])('may be %s', (_what, reference, number) => {
    expect(findProject(registry, reference).project_id).toBe(uuid(number));
  });

  test('that is an id means that before it means a name', () => {
    expect(findProject(registry, uuid(1)).project_id).toBe(uuid(1));
  });
});

describe('a reference that matches nothing', () => {
  const registry = registryOf(
    project(1, { name: 'payments' }),
    project(2, { name: 'payments-api' }),
    project(3, { name: 'dotfiles' }),
    project(4, { name: 'Web Frontend' }),
  );

  test.each([
    ['paymnets', ['payments']],
    ['PAYMENT', ['payments', 'payments-api']],
    ['dotfile', ['dotfiles']],
    ['frontend', ['Web Frontend']],
    ['/nowhere/dotfiles', ['dotfiles']],
    ['zzzzzz', []],
  ])('%j suggests %j', (reference, suggestions) => {
    const error = refusal(registry, reference);
    expect(error.kind).toBe('project_not_found');
    expect(error.data['project']).toBe(reference);
    expect(error.data.suggestions).toEqual(expect.arrayContaining(suggestions));
    expect(error.data.suggestions.length).toBeLessThanOrEqual(3);
    if (suggestions.length > 0) expect(suggestions).toContain(error.data.suggestions[0]);
    else expect(error.data.suggestions).toEqual([]);
  });

  test('that is very long is cut short in the message', () => {
    expect(refusal(registry, 'x'.repeat(100_000)).message.length).toBeLessThan(200);
  });

  test('is not a prototype’s', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(refusal(registry, name).kind).toBe('project_not_found');
    }
  });

  test('is not a relative path', () => {
    expect(refusal(registry, 'src/p1').kind).toBe('project_not_found');
    expect(containing(registry, 'src/p1')).toBeUndefined();
  });
});

describe('a path of several projects', () => {
  const registry = registryOf(
    project(1, { name: 'one', source_path: '/src/shared' }),
    project(2, { name: 'two', source_path: '/src/shared' }),
    project(3, { name: 'inner', source_path: '/src/shared/inner' }),
  );

  test('is ambiguous, also for what lies in it, and names them', () => {
    for (const path of ['/src/shared', '/src/shared/a/b']) {
      const error = refusal(registry, path);
      expect(error.kind).toBe('ambiguous_project');
      expect(error.data.suggestions).toEqual(['one', 'two']);
      expect(error.data['projects']).toMatchObject([
        { name: 'one', etag: expect.any(String) },
        { name: 'two', etag: expect.any(String) },
      ]);
    }
  });

  test('does not hide a closer one', () => {
    expect(findProject(registry, '/src/shared/inner/x').name).toBe('inner');
  });
});

test.each([
  ['/', '/'],
  ['//', '/'],
  ['/a/b', '/a/b'],
  ['/a//b/', '/a/b'],
  ['/a/./b/../c', '/a/c'],
  ['/../a', '/a'],
  ['/a/..', '/'],
  ['/a/...', '/a/...'],
  ['/ä b/c\n', '/ä b/c\n'],
])('the path %j is %j', (path, normal) => {
  expect(normalizePath(path)).toBe(normal);
});
