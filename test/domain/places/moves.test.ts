import { describe, expect, test } from 'vitest';
import type { ParamIssue } from '../../../src/domain/errors.ts';
import { MAX_PATH_BYTES } from '../../../src/domain/limits.ts';
import { move, type Moved } from '../../../src/domain/places/moves.ts';
import { Draft } from '../../../src/domain/draft.ts';
import { LATER, project, registryOf } from '../../support/projects.ts';

function draft(): Draft {
  return new Draft(
    registryOf(
      project(1, { source_path: '/old' }),
      project(2, { source_path: '/old/deep/two' }),
      project(3, { source_path: '/older' }),
      project(4, { source_path: '/' }),
    ),
  );
}

/** Where the projects below `/old` have paths of as many bytes as are allowed: a letter with dots is two. */
const LONGEST = `/${'ä'.repeat((MAX_PATH_BYTES - '//deep/two'.length) / 2)}`;

/** Where all projects are afterwards. */
function places(what: Moved, to: string): string[] {
  const after = draft();
  move(after, what, to, LATER);
  return Array.from(after.projects(), ({ source_path }) => source_path);
}

test.each<[string, Moved, string, string[]]>([
  ['one project', { project: 'p2' }, '/new/two/', ['/old', '/new/two', '/older', '/']],
  ['what is at and below a directory', { from: '/old' }, '/new', ['/new', '/new/deep/two', '/older', '/']],
  ['the same, with detours', { from: '/x/../old/' }, '/new/.', ['/new', '/new/deep/two', '/older', '/']],
  ['what is below', { from: '/old/deep' }, '/', ['/old', '/two', '/older', '/']],
  ['one project, to the root', { project: 'p2' }, '/', ['/old', '/', '/older', '/']],
  [
    'what is below, as long as a path may be',
    { from: '/old' },
    LONGEST,
    [LONGEST, `${LONGEST}/deep/two`, '/older', '/'],
  ],
  ['everything', { from: '/' }, '/disk', ['/disk/old', '/disk/old/deep/two', '/disk/older', '/disk/']],
])('%s follows', (_what, what, to, expected) => {
  expect(places(what, to)).toEqual(expected.map((path) => path.replace(/(.)\/$/, '$1')));
});

test('what stays where it is does not change', () => {
  const after = draft();
  expect(move(after, { from: '/old' }, '/old', LATER).moved).toHaveLength(2);
  expect(after.changes).toEqual([]);
});

describe('is refused', () => {
  const ABSOLUTE = 'must be an absolute path';
  test.each<[string, Moved, string, ParamIssue]>([
    ['both', { project: 'p1', from: '/old' }, '/new', { path: '', message: 'takes either project or from' }],
    ['neither', {}, '/new', { path: '', message: 'takes either project or from' }],
    ['a relative directory', { from: 'old' }, '/new', { path: 'from', message: ABSOLUTE }],
    ['a relative place', { from: '/old' }, 'new', { path: 'to', message: ABSOLUTE }],
    [
      'a place that makes a path too long',
      { from: '/old' },
      `${LONGEST}x`,
      { path: 'to', message: 'makes the path of "p2" 4097 bytes long, and 4096 are allowed' },
    ],
  ])('%s', (_what, what, to, issue) => {
    const error = expect.objectContaining({ name: 'InvalidParamsError', issues: [issue] });
    expect(() => move(draft(), what, to, LATER)).toThrow(error);
  });

  test.each<[string, Moved, string, object]>([
    [
      'a directory with no project in it',
      { from: '/ol/' },
      'cannot move /ol: no project is at or below it',
      { from: '/ol' },
    ],
    [
      'a project that nobody knows',
      { project: 'nope' },
      'cannot find project "nope": no project has this name or id',
      { project: 'nope' },
    ],
  ])('%s', (_what, what, message, data) => {
    const error = { kind: 'project_not_found', message, data: expect.objectContaining(data) };
    expect(() => move(draft(), what, '/new', LATER)).toThrow(expect.objectContaining(error));
  });
});

describe('links', () => {
  /** `/link` leads to `/old`. */
  const leadsTo = (path: string): string => path.replace(/^\/link(?=\/|$)/, '/old');

  test('to what has moved, and from it, lead to it', () => {
    const after = new Draft(
      registryOf(
        project(1, { source_path: '/link/one' }),
        project(2, { source_path: '/old/two' }),
        project(3, { source_path: '/links/three' }),
      ),
    );
    for (const [from, to] of [
      ['/old', '/new'],
      ['/new', '/link'],
      ['/old', '/again'],
    ] as const) {
      const { moved } = move(after, { from }, to, LATER, leadsTo);
      expect(moved.map(({ source_path }) => source_path)).toEqual([`${to}/one`, `${to}/two`]);
    }
  });

  test('lead others to the same place', () => {
    const after = new Draft(
      registryOf(
        project(1, { source_path: '/gone' }),
        project(2, { source_path: '/link' }),
        project(3, { source_path: '/old' }),
        project(4, { source_path: '/older' }),
      ),
    );
    const { moved, others } = move(after, { project: 'p1' }, '/old', LATER, leadsTo);
    expect(moved).toMatchObject([{ name: 'p1', source_path: '/old' }]);
    expect(others.map(({ name }) => name)).toEqual(['p2', 'p3']);
  });
});
