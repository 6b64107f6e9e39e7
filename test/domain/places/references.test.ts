import { describe, expect, test } from 'vitest';
import { RegistryError } from '../../../src/domain/errors.ts';
import {
  closest,
  closestIn,
  containing,
  depthOf,
  findNamed,
  findProject,
  normalizePath,
} from '../../../src/domain/places/references.ts';
import type { Registry } from '../../../src/domain/registry.ts';
import { project, registryOf, uuid } from '../../support/projects.ts';

function refusal(view: Registry, reference: string, find = findProject): RegistryError {
  try {
    find(view, reference);
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

describe('a reference to what is to be taken away', () => {
  const registry = registryOf(project(1, { name: 'web', source_path: '/src/web' }));

  test.each([uuid(1), 'WEB', '/src/web', '/src/./web/'])('may be %j', (reference) => {
    expect(findNamed(registry, reference).name).toBe('web');
  });

  test.each(['/src/web/api', '/src/web/api/'])('is not the path of what lies in it: %j', (reference) => {
    const error = refusal(registry, reference, findNamed);
    expect(error.kind).toBe('project_not_found');
    expect(error.message).toBe(
      `cannot find project "${reference}": it is not the directory of "web" but in it`,
    );
    expect(error.data).toMatchObject({ project: reference, suggestions: ['web'] });
  });

  test('is refused where it matches nothing', () => {
    for (const find of [findNamed, findProject]) {
      const { kind, message } = refusal(registry, '/nowhere', find);
      expect([kind, message]).toEqual([
        'project_not_found',
        'cannot find project "/nowhere": no project contains it',
      ]);
    }
  });
});

describe('a reference that matches nothing', () => {
  const registry = registryOf(
    project(1, { name: 'payments' }),
    project(2, { name: 'payments-api' }),
    project(3, { name: 'dotfiles' }),
    project(4, { name: 'Web Frontend' }),
    project(5, { name: 'in' }),
  );

  test.each([
    ['paymnets', ['payments']],
    ['PAYMENT', ['payments', 'payments-api']],
    ['dotfile', ['dotfiles']],
    ['frontend', ['Web Frontend']],
    ['/nowhere/dotfiles', ['dotfiles']],
    ['zzzzzz', []],
    ['-', []],
  ])('%j suggests %j', (reference, suggestions) => {
    const error = refusal(registry, reference);
    expect(error.kind).toBe('project_not_found');
    expect(error.data['project']).toBe(reference);
    expect(error.data.suggestions).toEqual(expect.arrayContaining(suggestions));
    expect(error.data.suggestions.length).toBeLessThanOrEqual(3);
    if (suggestions.length > 0) expect(suggestions).toContain(error.data.suggestions[0]);
    else expect(error.data.suggestions).toEqual([]);
  });

  test.each([
    ['zzz', 'no project has this name or id'],
    ['/src/zzz', 'no project contains it'],
    ['src/zzz', 'a path has to be absolute'],
    ['zzz/', 'a path has to be absolute'],
  ])('%j: %s', (reference, why) => {
    expect(refusal(registry, reference).message).toBe(`cannot find project "${reference}": ${why}`);
  });

  test.each([
    ['x'.repeat(80), 'x'.repeat(80)],
    ['x'.repeat(81), `${'x'.repeat(79)}…`],
    ['x'.repeat(100_000), `${'x'.repeat(79)}…`],
    [`${'x'.repeat(78)}🌱y`, `${'x'.repeat(78)}…`],
  ])('that is long is cut short in the message', (reference, shown) => {
    const error = refusal(registry, reference);
    expect(error.message).toBe(`cannot find project "${shown}": no project has this name or id`);
    expect(error.data['project']).toBe(reference);
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

describe('what is suggested', () => {
  const long = 'abcdefgh'.repeat(8);
  test.each<[string, string, string[], string[]]>([
    ['a name with two letters exchanged', 'wbe', ['web'], ['web']],
    ['one with two more letters', 'web', ['weeeb'], ['weeeb']],
    ['none with three more', 'web', ['weeeeb'], []],
    ['one with a third of its letters wrong', 'abcxxxghi', ['abcdefghi'], ['abcdefghi']],
    ['none with more', 'abcxxxxhi', ['abcdefghi'], []],
    ['one with eight letters wrong', `${'a'.repeat(40)}${'x'.repeat(8)}`, ['a'.repeat(48)], ['a'.repeat(48)]],
    ['none with nine, however long it is', `${'a'.repeat(40)}${'x'.repeat(9)}`, ['a'.repeat(49)], []],
    ['whatever has it in it', 'end', ['Web Frontend', 'sandbox'], ['Web Frontend']],
    ['not whatever has one letter in it', 'e', ['Web Frontend'], []],
    ['of a path what its last part names', '/src/web', ['web', 'src'], ['web']],
    ['nothing for no name', '/', ['a name', 'another name'], []],
    [
      'three at most, the nearest first: what has it in it, then as the letters say',
      'payment',
      ['pabment', 'xaymenx', 'paymants', 'the payments', 'xayment'],
      ['the payments', 'pabment', 'xayment'],
    ],
    ['the name that a longer text begins with', 'x'.repeat(300), ['x'.repeat(255)], ['x'.repeat(255)]],
    ['what is mistyped, in 64 letters', `${long.slice(1)}z`, [long], [long]],
    ['nothing mistyped in more: nobody types so much', `${long}yz`, [`${long}y!`], []],
  ])('%s', (_what, reference, names, suggestions) => {
    const others = names.map((name, index) =>
      project(index + 1, { name, source_path: `/elsewhere/${index}` }),
    );
    expect(refusal(registryOf(...others), reference).data.suggestions).toEqual(suggestions);
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
      expect(error.message).toBe(
        `cannot tell which project ${path} means: "one", "two" are registered there`,
      );
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

describe('the nearest directory with projects', () => {
  const projects = ['/src/web', '/src/web', '/src/web/api/v1'].map((source_path, index) =>
    project(index + 1, { source_path }),
  );
  const root = project(4, { source_path: '/' });

  test.each<[string, number, string[]]>([
    ['/src/web', 0, ['p1', 'p2']],
    ['/src/web/api', 1, ['p1', 'p2']],
    ['/src/web/api/v1', 0, ['p3']],
    ['/src/web/api/v1/a/b c/d', 3, ['p3']],
    ['/src/webs', 2, ['p4']],
    ['/a', 1, ['p4']],
    ['/', 0, ['p4']],
  ])('of %s is %d above it, however it is looked for', (path, distance, names) => {
    const all = [...projects, root];
    const found = { distance, projects: names.map((name) => all.find((one) => one.name === name)) };
    expect(closestIn(registryOf(...all), path)).toEqual(found);
    expect(closest(path, (place) => all.filter((one) => one.source_path === place))).toEqual(found);
  });

  test.each(['/src', '/a', '/'])('of %s is none', (path) => {
    expect(closestIn(registryOf(...projects), path)).toBeUndefined();
    expect(closest(path, (place) => projects.filter((one) => one.source_path === place))).toBeUndefined();
  });
});

test.each([
  ['/', 0],
  ['/a', 1],
  ['/a b/c/d.ts', 3],
])('%s lies %d directories below the root', (path, depth) => {
  expect(depthOf(path)).toBe(depth);
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
