/** Which project was active before. */
import { describe, expect, test } from 'vitest';
import * as operations from '../../src/domain/changes.ts';
import { Draft } from '../../src/domain/draft.ts';
import { previousProject } from '../../src/domain/places/resolve.ts';
import { Registry } from '../../src/domain/registry.ts';
import { doneBy, takeBack } from '../../src/domain/undo/take-back.ts';
import { LATER, NOW, project, uuid } from '../support/projects.ts';

const ALL = [1, 2, 3].map((n) => project(n));
const id = (n: number | null): string | null => (n === null ? null : uuid(n));

/** A registry in which one is active, and one was before. */
function registry(active: number | null, previous: number | null): Registry {
  return new Registry(ALL, id(active), undefined, undefined, id(previous));
}

/** The active project and the one before, by number, after a change that is made for good as the store makes it. */
function after(base: Registry, change: (draft: Draft) => unknown): [active: unknown, previous: unknown] {
  const batch = new Draft(base);
  const draft = new Draft(batch);
  change(draft);
  batch.absorb(draft);
  base.apply(batch.changes, batch.previous);
  const number = (one: string | null | undefined) => (one ? Number.parseInt(one.slice(-2), 16) : null);
  return [number(base.active), number(previousProject(base)?.project_id)];
}

const use = (n: number | null) => (draft: Draft) => operations.activate(draft, id(n), NOW);
const remove = (n: number) => (draft: Draft) => operations.remove(draft, uuid(n));

describe('the project that was active before', () => {
  test.each<[string, Registry, (draft: Draft) => unknown, [number | null, number | null]]>([
    ['is the one that was left', registry(1, null), use(2), [2, 1]],
    ['goes back and forth', registry(2, 1), use(1), [1, 2]],
    ['stays where the active one is made active again', registry(2, 1), use(2), [2, 1]],
    ['is the last one where none is active', registry(2, 1), use(null), [null, 2]],
    ['stays where none was active', registry(null, 1), use(2), [2, 1]],
    ['is none where it is active again itself', registry(null, 1), use(1), [1, null]],
    ['is none once it is removed', registry(2, 1), remove(1), [2, null]],
    ['stays where the active one is removed', registry(3, 2), remove(3), [1, 2]],
    ['is none where it takes the place of one that is removed', registry(2, 1), remove(2), [1, null]],
    ['is not moved by a use', registry(2, 1), (draft) => operations.touch(draft, uuid(3), NOW), [2, 1]],
    ['is told of the steps of one change', registry(1, 3), (draft) => (use(2)(draft), use(1)(draft)), [1, 2]],
  ])('%s', (_what, base, change, expected) => {
    expect(after(base, change)).toEqual(expected);
  });

  test.each<[string, string | null]>([
    ['the active one', uuid(1)],
    ['one that does not exist', uuid(9)],
  ])('is none where a file says %s', (_what, previous) => {
    expect(previousProject(new Registry(ALL, uuid(1), undefined, undefined, previous))).toBeNull();
  });
});

describe('a removal that is taken back', () => {
  const leased = { isTraining: () => false, requireFree: () => undefined };

  /** After it was made, something else perhaps, and it was taken back. */
  function undone(base: Registry, removed: number, meanwhile?: (draft: Draft) => unknown) {
    const draft = new Draft(base);
    remove(removed)(draft);
    const done = doneBy(base, draft);
    base.apply(draft.changes, draft.previous);
    if (meanwhile) after(base, meanwhile);
    return after(base, (next) => takeBack(next, done, LATER, leased));
  }

  test('leaves both as they were before it', () => {
    expect(undone(registry(2, 3), 2)).toEqual([2, 3]);
    expect(undone(registry(2, 3), 3)).toEqual([2, 3]);
    expect(undone(registry(2, 1), 2)).toEqual([2, 1]);
  });

  test('leaves what somebody has switched to since', () => {
    expect(undone(registry(2, 3), 3, use(1))).toEqual([1, 2]);
  });
});
