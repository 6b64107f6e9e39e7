import { describe, expect, test } from 'vitest';
import { InvalidParamsError, RegistryError } from '../../../src/domain/errors.ts';
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
  ['everything', { from: '/' }, '/disk', ['/disk/old', '/disk/old/deep/two', '/disk/older', '/disk/']],
])('%s follows', (_what, what, to, expected) => {
  expect(places(what, to)).toEqual(expected.map((path) => path.replace(/(.)\/$/, '$1')));
});

test('what stays where it is does not change', () => {
  const after = draft();
  expect(move(after, { from: '/old' }, '/old', LATER).moved).toHaveLength(2);
  expect(after.changes).toEqual([]);
});

test.each<[string, Moved, string]>([
  ['both', { project: 'p1', from: '/old' }, '/new'],
  ['neither', {}, '/new'],
  ['a relative directory', { from: 'old' }, '/new'],
  ['a relative place', { from: '/old' }, 'new'],
])('%s is refused', (_what, what, to) => {
  expect(() => move(draft(), what, to, LATER)).toThrow(InvalidParamsError);
});

test('a directory with no project in it is refused', () => {
  expect(() => move(draft(), { from: '/ol' }, '/new', LATER)).toThrow(RegistryError);
  expect(() => move(draft(), { project: 'nope' }, '/new', LATER)).toThrow(RegistryError);
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
