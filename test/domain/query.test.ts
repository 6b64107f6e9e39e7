import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countByStatus, list, type Query, SORTS } from '../../src/domain/query.ts';
import { Draft } from '../../src/domain/draft.ts';
import type { RegistryView } from '../../src/domain/registry.ts';
import { project, registryOf, uuid } from '../support/projects.ts';

const registry = registryOf(
  project(1, { name: 'beta', language: 'go', tags: ['work', 'Old'], training_status: 'completed' }),
  project(2, { name: 'Alpha', source_path: '/src/café', last_used: '2026-02-01T00:00:00.000Z' }),
  project(3, {
    name: 'gamma',
    language: 'go',
    created_at: '2026-05-01T00:00:00.000Z',
    training_status: 'failed',
  }),
  project(4, { name: 'delta', tags: ['work'], last_used: '2026-03-01T00:00:00.000Z' }),
);

const names = (query: Query, view: RegistryView = registry): string[] =>
  list(view, query).projects.map(({ name }) => name);

describe('a list', () => {
  test.each<[Query, string[]]>([
    [{}, ['beta', 'Alpha', 'gamma', 'delta']],
    [{ status: 'failed' }, ['gamma']],
    [{ status: 'training' }, []],
    [{ language: 'go' }, ['beta', 'gamma']],
    [{ language: 'Go' }, []],
    [{ tag: 'work' }, ['beta', 'delta']],
    [{ tag: 'wor' }, []],
    [{ source_path: '/src/café' }, ['Alpha']],
    [{ source_path: '/src/x/../café/' }, ['Alpha']],
    [{ source_path: '/src' }, []],
    [{ query: 'ALPH' }, ['Alpha']],
    [{ query: 'old' }, ['beta']],
    [{ query: 'CAFE\u0301' }, ['Alpha']],
    [{ query: '/src/p' }, ['beta', 'gamma', 'delta']],
    [{ beginning: 'AL' }, ['Alpha']],
    [{ beginning: 'lpha' }, []],
    [{ beginning: uuid(4).slice(0, -1), language: 'go' }, ['beta', 'gamma']],
    [{ query: '' }, ['beta', 'Alpha', 'gamma', 'delta']],
    [{ language: 'go', tag: 'work', query: 'b' }, ['beta']],
    [{ sort: 'name' }, ['Alpha', 'beta', 'delta', 'gamma']],
    [{ sort: 'created_at' }, ['gamma', 'Alpha', 'beta', 'delta']],
    [{ sort: 'last_used' }, ['delta', 'Alpha', 'beta', 'gamma']],
    [{ sort: 'status' }, ['beta', 'gamma', 'Alpha', 'delta']],
    [{ sort: 'name', limit: 2 }, ['Alpha', 'beta']],
  ])('for %j is %j', (query, expected) => {
    expect(names(query)).toEqual(expected);
  });

  test('ends with a cursor only where something follows', () => {
    expect(list(registry, { limit: 4 }).next_cursor).toBeNull();
    expect(list(registry, { limit: 3 }).next_cursor).not.toBeNull();
    expect(list(registry, {}).next_cursor).toBeNull();
  });

  test.each(['', 'garbage', 'LTEgYQ', '!'])('refuses the cursor %j', (cursor) => {
    expect(() => list(registry, { cursor })).toThrow(
      expect.objectContaining({
        issues: [
          { path: 'cursor', message: 'must be the next_cursor of an earlier answer to the same query' },
        ],
      }),
    );
  });
});

test('projects are counted by status, also those that there are none of', () => {
  expect(countByStatus(registry)).toEqual({ not_started: 2, training: 0, completed: 1, failed: 1 });
});

describe('paging', () => {
  /** Every page after another; `between` may change the registry before each next one. */
  function pages(
    start: RegistryView,
    query: Query,
    between: (view: RegistryView, page: number) => RegistryView = (view) => view,
  ): string[] {
    const seen: string[] = [];
    let view = start;
    let cursor: string | undefined;
    for (let page = 0; ; page += 1) {
      const { projects, next_cursor } = list(view, { ...query, cursor });
      seen.push(...projects.map(({ project_id }) => project_id));
      if (next_cursor === null) return seen;
      cursor = next_cursor;
      view = between(view, page);
    }
  }

  const many = registryOf(...Array.from({ length: 20 }, (_, at) => project(at)));
  const ids = Array.from({ length: 20 }, (_, at) => uuid(at));

  test.each([1, 3, 7, 19, 20, 50])('by %i gives everything once, in order', (limit) => {
    expect(pages(many, { limit })).toEqual(ids);
  });

  const without = (view: RegistryView, ...gone: readonly string[]): RegistryView => {
    const draft = new Draft(view);
    for (const id of gone) draft.remove(id);
    return draft;
  };

  test('goes on at its place when the last project of a page was removed', () => {
    expect(pages(many, { limit: 5 }, (view, page) => without(view, uuid(page * 5 + 4)))).toEqual(ids);
  });

  test.each([undefined, ...SORTS])('ends, sorted by %s, where all that followed was removed', (sort) => {
    const order = list(many, { sort }).projects.map(({ project_id }) => project_id);
    const seen = pages(many, { limit: 5, sort }, (view) => without(view, ...order.slice(5)));
    expect(seen).toEqual(order.slice(0, 5));
  });

  test('goes on at its place when eight projects before it were removed, and no other', () => {
    const between = (view: RegistryView, page: number): RegistryView =>
      page === 0 ? without(view, ...ids.slice(2, 10)) : view;
    expect(pages(many, { limit: 10 }, between)).toEqual(ids);
  });

  test('misses nobody and repeats nobody when any others are removed, added or changed in between', () => {
    const sorts = [undefined, 'name', 'created_at'] as const;
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(25), { maxLength: 4 }), { maxLength: 10 }),
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom(...sorts),
        (removals, limit, sort) => {
          const removed = new Set<string>();
          const seen = pages(many, { limit, ...(sort ? { sort } : {}) }, (view, page) => {
            const draft = new Draft(view);
            for (const number of removals[page] ?? []) {
              // One that is there goes, one that is not comes.
              if (number < 20) draft.remove(uuid(number));
              if (number < 20) removed.add(uuid(number));
              else draft.put(project(number + page * 100, { created_at: '2020-01-01T00:00:00.000Z' }));
            }
            return draft;
          });
          expect(new Set(seen).size).toBe(seen.length);
          // Everybody who stayed all the time was seen.
          expect(seen).toEqual(expect.arrayContaining(ids.filter((id) => !removed.has(id))));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('of one order cannot be gone on with in another', () => {
    const { next_cursor: cursor } = list(many, { limit: 5, sort: 'name' });
    for (const sort of [undefined, 'created_at'] as const) {
      expect(() => list(many, { cursor: String(cursor), ...(sort ? { sort } : {}) })).toThrow(/cursor/);
    }
  });
});
