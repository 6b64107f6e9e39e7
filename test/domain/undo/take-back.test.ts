/** Operations are taken back, and what was changed since stays. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as operations from '../../../src/domain/changes.ts';
import { importFrom } from '../../../src/domain/contents.ts';
import { Draft } from '../../../src/domain/draft.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import { blankTraining, type Project } from '../../../src/domain/project.ts';
import { Registry } from '../../../src/domain/registry.ts';
import { retrain } from '../../../src/domain/training/status.ts';
import {
  type Done,
  doneBetween,
  doneBy,
  takesNothingBack,
  takeBack,
} from '../../../src/domain/undo/take-back.ts';
import { isSameJson } from '../../../src/domain/values/json.ts';
import { LATER, NOW, project, registryOf, uuid } from '../../support/projects.ts';

const nobody = { isTraining: () => false, requireFree: () => undefined };
const named = (n: number, name = `p${n}`) => ({ project_id: uuid(n), name });

/** Makes a change for good. */
function make(registry: Registry, change: (draft: Draft) => unknown): Done {
  const draft = new Draft(registry);
  change(draft);
  const done = doneBy(registry, draft);
  registry.apply(draft.changes);
  return done;
}

/** Takes it back for good. */
function undo(registry: Registry, done: Done, leased = nobody) {
  const draft = new Draft(registry);
  const taken = takeBack(draft, done, LATER, leased);
  registry.apply(draft.changes);
  return taken;
}

describe('a removal that is taken back', () => {
  test('brings the project back as it was, and active again', () => {
    const was = project(1, { tags: ['a'], metadata: { k: 1 } });
    const registry = new Registry([was, project(2)], uuid(1));
    const done = make(registry, (draft) => operations.remove(draft, uuid(1)));
    expect(registry.active).toBe(uuid(2));
    expect(undo(registry, done)).toMatchObject({ comes_back: [named(1)], goes: [], changes: [], kept: [] });
    expect(registry.get(uuid(1))).toEqual(was);
    expect(registry.active).toBe(uuid(1));
  });

  test('leaves active what was made active since', () => {
    const registry = new Registry([project(1), project(2), project(3)], uuid(1));
    const done = make(registry, (draft) => operations.remove(draft, uuid(1)));
    make(registry, (draft) => draft.activate(uuid(3)));
    undo(registry, done);
    expect(registry.active).toBe(uuid(3));
  });

  test('is refused where the name is taken, in whatever case', () => {
    const registry = registryOf(project(1));
    const done = make(registry, (draft) => operations.remove(draft, uuid(1)));
    make(registry, (draft) => draft.put(project(2, { name: 'P1' })));
    expect(() => undo(registry, done)).toThrow(/cannot bring back "p1": the name belongs to \/src\/p2/);
    expect([...registry.projects()]).toHaveLength(1);
  });

  test('has nothing to do where the project is back, or was never removed', () => {
    const registry = registryOf(project(1));
    const done = make(registry, (draft) => operations.remove(draft, uuid(1)));
    make(registry, (draft) => draft.put(project(1, { name: 'again' })));
    expect(takesNothingBack(undo(registry, done))).toBe(true);
    expect(registry.get(uuid(1))?.name).toBe('again');
  });

  test('ends the lease that it ended', () => {
    const training = { ...blankTraining(), token: 7, holder: { name: 'a' } };
    const registry = registryOf(project(1, { training_status: 'training', training }));
    undo(
      registry,
      make(registry, (draft) => operations.remove(draft, uuid(1))),
    );
    expect(registry.get(uuid(1))).toMatchObject({
      training_status: 'not_started',
      training: { token: 7, holder: null },
    });
  });
});

describe('an import that is taken back', () => {
  const imported = (registry: Registry): Done =>
    make(registry, (draft) => importFrom(draft, registryOf(project(1), project(2)), nobody.isTraining));

  test('takes out what it brought, used or not, but nothing that was changed since', () => {
    const registry = registryOf(project(3));
    const done = imported(registry);
    make(registry, (draft) => operations.activate(draft, uuid(1), LATER));
    make(registry, (draft) => operations.update(draft, uuid(2), { file_count: 7 }, LATER));
    expect(undo(registry, done)).toMatchObject({
      goes: [named(1)],
      kept: [{ ...named(2), fields: ['file_count'] }],
    });
    expect([...registry.projects()].map(({ name }) => name)).toEqual(['p3', 'p2']);
    expect(registry.active).toBe(uuid(3));
  });

  test('is refused while somebody trains one of them', () => {
    const registry = registryOf();
    const done = imported(registry);
    const held = (): never => {
      throw new RegistryError('lease_held', 'held', {});
    };
    expect(() => undo(registry, done, { ...nobody, requireFree: held })).toThrow('held');
    expect(registry.size).toBe(2);
  });
});

describe('fields that are taken back', () => {
  const change = (before: Partial<Project>, made: Partial<Project>, since: Partial<Project>) => {
    const [was, is] = [project(1, before), project(1, made)];
    const registry = registryOf(is);
    const done = doneBetween(registryOf(was), registryOf(is), [uuid(1)]);
    make(registry, (draft) => draft.put({ ...is, ...since }));
    const taken = undo(registry, done);
    return { taken, now: registry.get(uuid(1)) as Project };
  };

  test.each<[string, Partial<Project>, Partial<Project>, Partial<Project>, Partial<Project>, string[]]>([
    ['goes back', { language: 'c' }, { language: 'go' }, {}, { language: 'c' }, []],
    ['stays', { language: 'c' }, { language: 'go' }, { language: 'r' }, { language: 'r' }, ['language']],
    ['is there already', { language: 'c' }, { language: 'go' }, { language: 'c' }, { language: 'c' }, []],
    ['goes', { extra: undefined }, { extra: 1 }, {}, {}, []],
    ['comes', { extra: { a: 1 } }, {}, {}, { extra: { a: 1 } }, []],
    [
      'moves one key',
      { metadata: { a: 1 } },
      { metadata: { a: 2 } },
      { metadata: { a: 2, b: 1 } },
      { metadata: { a: 1, b: 1 } },
      [],
    ],
    [
      'leaves one key',
      { metadata: { a: 1 } },
      { metadata: { a: 2 } },
      { metadata: { a: 3 } },
      { metadata: { a: 3 } },
      ['metadata'],
    ],
    [
      'goes together',
      { training_status: 'completed' },
      { retrain_requested: { at: NOW, reason: null } },
      {},
      { training_status: 'completed', retrain_requested: null },
      [],
    ],
    [
      'stays together',
      { training_status: 'completed' },
      {},
      { retrain_requested: { at: LATER, reason: null } },
      { training_status: 'not_started' },
      ['training_status'],
    ],
  ])('%s', (_what, before, made, since, expected, kept) => {
    const { taken, now } = change(before, made, since);
    expect(now).toMatchObject(expected);
    if (_what === 'goes') expect(now).not.toHaveProperty('extra');
    expect(taken.kept.flatMap(({ fields }) => fields)).toEqual(kept);
  });

  test('move the time, and keep the token that was given out', () => {
    const training = { ...blankTraining(), token: 3 };
    const { now } = change({ language: 'c', training: null }, { training }, {});
    expect(now).toMatchObject({ last_updated: LATER, training: { token: 3 } });
  });

  test('are those of a repair', () => {
    const registry = registryOf(project(1, { training_status: 'completed', last_trained: NOW }));
    const done = make(registry, (draft) => retrain(draft, uuid(1), LATER, 'the adapter is missing'));
    undo(registry, done);
    expect(registry.get(uuid(1))).toMatchObject({ training_status: 'completed', retrain_requested: null });
  });

  test('may be names that were swapped', () => {
    const registry = registryOf(project(1, { name: 'b' }), project(2, { name: 'a' }));
    const before = registryOf(project(1, { name: 'a' }), project(2, { name: 'b' }));
    undo(registry, doneBetween(before, registry, [uuid(1), uuid(2)]));
    expect([...registry.projects()].map(({ name }) => name)).toEqual(['a', 'b']);
    expect(registry.named('a')?.project_id).toBe(uuid(1));
  });
});

/** Some of five projects, whose names are always their own. */
const contents = fc
  .uniqueArray(
    fc.record({
      n: fc.integer({ min: 1, max: 5 }),
      language: fc.constantFrom('c', 'go', 'r'),
      file_count: fc.integer({ min: 0, max: 2 }),
      training_status: fc.constantFrom('not_started' as const, 'completed' as const, 'failed' as const),
      last_trained: fc.constantFrom(null, NOW, LATER),
      metadata: fc.dictionary(fc.constantFrom('x', '__proto__'), fc.integer({ min: 0, max: 1 })),
    }),
    { selector: ({ n }) => n },
  )
  .map((all) => new Map(all.map(({ n, ...fields }) => [uuid(n), project(n, fields)])));
type Contents = ReadonlyMap<string, Project>;
const FIELDS = ['language', 'file_count', 'training_status', 'last_trained', 'metadata'] as const;
const ALL = [1, 2, 3, 4, 5].map(uuid);

/** @param is what there is when the operation that led from `was` to `made` is taken back */
function after(was: Contents, made: Contents, is: Contents): Registry {
  const [before, then, registry] = [was, made, is].map((one) => new Registry(one.values()));
  undo(registry as Registry, doneBetween(before as Registry, then as Registry, ALL));
  return registry as Registry;
}

describe('whatever the operation', () => {
  test('nothing is left of it where nothing was changed since', () => {
    fc.assert(
      fc.property(contents, contents, (was, made) => {
        const registry = after(was, made, made);
        for (const id of ALL) {
          const [then, now] = [was.get(id), registry.get(id)];
          expect(now === undefined).toBe(then === undefined);
          if (then)
            expect(isSameJson({ ...now, last_updated: '' }, { ...then, last_updated: '' })).toBe(true);
        }
      }),
    );
  });

  test('what was changed since stays, and what is gone since stays gone', () => {
    fc.assert(
      fc.property(contents, contents, contents, (was, made, is) => {
        const registry = after(was, made, is);
        const lost = [...is].flatMap(([id, now]) => {
          const [then, left] = [made.get(id), registry.get(id)];
          if (!then) return isSameJson(left, now) ? [] : [id];
          const changed = FIELDS.filter(
            (field) => field !== 'metadata' && !isSameJson(then[field], now[field]),
          );
          return changed.filter((field) => !isSameJson(left?.[field], now[field]));
        });
        const back = [...made.keys()].filter((id) => !is.has(id) && registry.get(id));
        expect({ lost, back }).toEqual({ lost: [], back: [] });
      }),
    );
  });

  test('it is taken back once', () => {
    fc.assert(
      fc.property(contents, contents, contents, (was, made, is) => {
        const registry = after(was, made, is);
        const done = doneBetween(new Registry(was.values()), new Registry(made.values()), ALL);
        expect(takesNothingBack(undo(registry, done))).toBe(true);
      }),
    );
  });
});
