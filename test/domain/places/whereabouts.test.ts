/** Which project a place belongs to: what the disk says of it is made up here, one case at a time. */
import { describe, expect, test } from 'vitest';
import { type AtReal, findAround, findAt, type Place } from '../../../src/domain/places/whereabouts.ts';
import type { Registry } from '../../../src/domain/registry.ts';
import { project, registryOf } from '../../support/projects.ts';

/** What real place a project's own path leads to: its path, unless it is a link. */
interface Sources {
  /** By the written `source_path`, where it really is; the same where it is not named. */
  links?: Record<string, string>;
  paths: string[];
}

/** The registry of these, and its projects by where they really are. Projects are p1, p2, … in the order of their paths. */
function registered({ paths, links = {} }: Sources): [view: Registry, atReal: AtReal] {
  const projects = paths.map((source_path, index) => project(index + 1, { source_path }));
  return [
    registryOf(...projects),
    (real) => projects.filter(({ source_path }) => (links[source_path] ?? source_path) === real),
  ];
}

/** The name of the project that is found and how, as `p2 by cwd`. */
function around(sources: Sources, place: Partial<Place> & { path: string }): string {
  const [view, atReal] = registered(sources);
  return told(findAround(view, { worktrees: [], ...place }, atReal));
}

function at(sources: Sources, place: Pick<Place, 'path' | 'real'>): string {
  const [view, atReal] = registered(sources);
  return told(findAt(view, place, atReal));
}

const told = (found: ReturnType<typeof findAround>): string =>
  found ? `${found.project.name} by ${found.by}` : 'none';

describe('around a place', () => {
  test.each<[string, Sources, Partial<Place> & { path: string }, string]>([
    ['a project at the place', { paths: ['/a'] }, { path: '/a' }, 'p1 by cwd'],
    ['the deepest that contains it', { paths: ['/a', '/a/b'] }, { path: '/a/b/c' }, 'p2 by cwd'],
    ['none', { paths: ['/a'] }, { path: '/b', real: '/b' }, 'none'],
    ['detours do not count', { paths: ['/a'] }, { path: '/x/../a/./c/' }, 'p1 by cwd'],
    ['one behind a link', { paths: ['/a'] }, { path: '/link/c', real: '/a/c' }, 'p1 by cwd'],
    ['what is not known to be real', { paths: ['/a'] }, { path: '/link/c', real: undefined }, 'none'],
    [
      'the deeper one: as it is written',
      { paths: ['/links/deep', '/real'] },
      { path: '/links/deep/c', real: '/real/c' },
      'p1 by cwd',
    ],
    [
      'the deeper one: behind links',
      { paths: ['/links', '/real/deep'] },
      { path: '/links/c', real: '/real/deep/c' },
      'p2 by cwd',
    ],
    [
      'behind links where both are as deep',
      { paths: ['/links', '/real'] },
      { path: '/links/c', real: '/real/c' },
      'p2 by cwd',
    ],
    [
      'as it is written, where it is one both ways',
      // Two projects of one real place: by that alone nobody could tell.
      { paths: ['/l/one', '/l/two'], links: { '/l/one': '/r/s/t', '/l/two': '/r/s/t' } },
      { path: '/l/two/c', real: '/r/s/t/c' },
      'p2 by cwd',
    ],
  ])('%s', (_what, sources, place, expected) => {
    expect(around(sources, place)).toBe(expected);
  });

  test('two of one place are ambiguous, with both named', () => {
    expect(() => around({ paths: ['/a', '/a'] }, { path: '/a/b' })).toThrow(/"p1", "p2"/);
  });
});

describe('in a linked worktree', () => {
  const inTree = (
    ...counterparts: string[]
  ): { path: string; real: string; worktrees: Place['worktrees'] } => ({
    path: '/trees/t/pkg',
    real: '/trees/t/pkg',
    worktrees: [{ depth: 1, counterparts }],
  });

  /** In one that lies in another one, each with its depth and a counterpart. */
  const inTwo = (...trees: readonly [depth: number, counterpart: string][]) => ({
    path: '/t/u/c',
    real: '/t/u/c',
    worktrees: trees.map(([depth, counterpart]) => ({ depth, counterparts: [counterpart] })),
  });

  test.each<[string, string[], Partial<Place> & { path: string }, string]>([
    ['the same place in the main one', ['/main'], inTree('/main/pkg'), 'p1 by worktree'],
    ['the deepest there', ['/main', '/main/pkg'], inTree('/main/pkg'), 'p2 by worktree'],
    ['one that is the worktree', ['/main', '/trees/t'], inTree('/main/pkg'), 'p2 by cwd'],
    ['one that lies in the worktree', ['/main', '/trees/t/pkg'], inTree('/main/pkg'), 'p2 by cwd'],
    ['not one that merely contains it', ['/main', '/trees'], inTree('/main/pkg'), 'p1 by worktree'],
    ['one that contains it, if nothing else', ['/trees'], inTree('/main/pkg'), 'p1 by cwd'],
    ['what contains the main one counts last', ['/'], inTree('/main/pkg'), 'p1 by cwd'],
    ['nothing', ['/elsewhere'], inTree('/main/pkg'), 'none'],
    ['nothing where there is no counterpart', ['/elsewhere'], inTree(), 'none'],
    ['any of several', ['/w/two/pkg'], inTree('/w/one/pkg', '/w/two/pkg'), 'p1 by worktree'],
    [
      'the nearest of several',
      ['/w/one', '/w/two/pkg'],
      inTree('/w/one/pkg', '/w/two/pkg'),
      'p2 by worktree',
    ],
    ['one that several lead to', ['/w'], inTree('/w/one', '/w/two'), 'p1 by worktree'],
    [
      'the inner of two, if it has one',
      ['/inner', '/outer'],
      inTwo([1, '/inner/c'], [2, '/outer/u/c']),
      'p1 by worktree',
    ],
    [
      'the outer of two, if the inner has none',
      ['/outer'],
      inTwo([1, '/inner/c'], [2, '/outer/u/c']),
      'p1 by worktree',
    ],
    [
      'the nearest of those around the counterparts, if all lie farther out',
      ['/far', '/near/by'],
      inTwo([0, '/far/x/y'], [0, '/near/by/z']),
      'p2 by worktree',
    ],
    [
      'the first of those that are as near',
      ['/far', '/near'],
      inTwo([0, '/far/x'], [0, '/near/z']),
      'p1 by worktree',
    ],
    [
      'where a project really is counts, not that a link leads into a worktree',
      ['/main', '/trees/t'],
      { path: '/link', real: '/trees/t/pkg', worktrees: [{ depth: 1, counterparts: ['/main/pkg'] }] },
      'p2 by cwd',
    ],
    [
      'at the top of a worktree the top of the main one',
      ['/main', '/trees'],
      { path: '/trees/t', real: '/trees/t', worktrees: [{ depth: 0, counterparts: ['/main'] }] },
      'p1 by worktree',
    ],
  ])('%s', (_what, paths, place, expected) => {
    expect(around({ paths }, place)).toBe(expected);
  });

  test('a project in each of several worktrees of a bare repository is ambiguous', () => {
    const place = inTree('/w/one/pkg', '/w/two/pkg');
    expect(() => around({ paths: ['/w/one/pkg', '/w/two/pkg'] }, place)).toThrow(/"p1", "p2"/);
  });
});

describe('exactly at a place', () => {
  test.each<[string, Sources, Pick<Place, 'path' | 'real'>, string]>([
    ['as it is written', { paths: ['/a'] }, { path: '/a/../a/' }, 'p1 by cwd'],
    ['not around it', { paths: ['/a'] }, { path: '/a/b', real: '/a/b' }, 'none'],
    ['behind links', { paths: ['/a'] }, { path: '/link', real: '/a' }, 'p1 by cwd'],
    ['as it is written first', { paths: ['/link', '/a'] }, { path: '/link', real: '/a' }, 'p1 by cwd'],
    ['nothing that is not there', { paths: ['/a'] }, { path: '/gone', real: undefined }, 'none'],
  ])('%s', (_what, sources, place, expected) => {
    expect(at(sources, place)).toBe(expected);
  });

  test('two of one place are ambiguous', () => {
    expect(() => at({ paths: ['/a', '/a'] }, { path: '/a' })).toThrow(/"p1", "p2"/);
  });
});
