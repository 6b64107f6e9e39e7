/** The committed state and drafts over it, against a model that is as plain as can be: a list and an id. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Project } from '../../src/domain/project.ts';
import { Draft } from '../../src/domain/draft.ts';
import { Registry, type RegistryView } from '../../src/domain/registry.ts';
import { foldName } from '../../src/domain/values/names.ts';
import { project, registryOf, uuid } from '../support/projects.ts';

/** From above to below, where one is in another. */
const PLACES = ['/', '/path', '/path/0', '/path/0/deep/down', '/path/00', '/path/1'] as const;

interface Model {
  projects: Project[];
  active: string | null;
}

type Step =
  | { readonly kind: 'put'; readonly number: number; readonly name: number; readonly path: number }
  | { readonly kind: 'remove'; readonly number: number }
  | { readonly kind: 'activate'; readonly number: number | null };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      number: fc.nat(7),
      name: fc.nat(9),
      path: fc.nat(PLACES.length - 1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), number: fc.nat(7) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('activate' as const), number: fc.option(fc.nat(7)) }),
  },
);

/** Takes a step in the model and, if the rules of the registry allow it, in the draft. */
function take(step: Step, model: Model, draft: Draft): void {
  if (step.kind === 'activate') {
    model.active = step.number === null ? null : uuid(step.number);
    draft.activate(model.active);
    return;
  }
  const id = uuid(step.number);
  const at = model.projects.findIndex((other) => other.project_id === id);
  if (step.kind === 'remove') {
    if (at !== -1) model.projects.splice(at, 1);
    draft.remove(id);
    return;
  }
  // Upper and lower case by turns: they are one name.
  const name = step.number % 2 ? `NAME ${step.name}` : `name ${step.name}`;
  const taken = model.projects.find((other) => foldName(other.name) === foldName(name));
  if (taken && taken.project_id !== id) return;
  const next = project(step.number, { name, source_path: PLACES[step.path] ?? '/' });
  if (at === -1) model.projects.push(next);
  else model.projects[at] = next;
  draft.put(next);
}

function expectSame(view: RegistryView, model: Model): void {
  expect([...view.projects()]).toEqual(model.projects);
  expect(view.size).toBe(model.projects.length);
  expect(view.active).toBe(model.active);
  for (let number = 0; number < 8; number += 1) {
    expect(view.get(uuid(number))).toEqual(
      model.projects.find(({ project_id }) => project_id === uuid(number)),
    );
  }
  for (let name = 0; name < 10; name += 1) {
    expect(view.named(`NaMe ${name}`)).toEqual(
      model.projects.find((other) => foldName(other.name) === `name ${name}`),
    );
  }
  for (const place of PLACES) {
    const isThere = ({ source_path }: Project): boolean => source_path === place;
    expect(view.at(place)).toEqual(model.projects.filter(isThere));
    const above = PLACES.filter((other) => other === '/' || `${place}/`.startsWith(`${other}/`));
    const nearest = above.findLast((other) =>
      model.projects.some(({ source_path }) => source_path === other),
    );
    expect(view.around(place)).toEqual(model.projects.filter(({ source_path }) => source_path === nearest));
  }
}

const copyOf = ({ projects, active }: Model): Model => ({ projects: [...projects], active });

describe('a registry and its drafts', () => {
  test('are what a list of projects would be, whatever is done to them', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            // The changes of one batch: each on its own draft over the batch's, some of them abandoned.
            changes: fc.array(fc.record({ steps: fc.array(step, { maxLength: 6 }), fails: fc.boolean() }), {
              maxLength: 4,
            }),
            // A batch that cannot be written is abandoned as a whole.
            fails: fc.boolean(),
          }),
          { maxLength: 5 },
        ),
        (batches) => {
          const registry = new Registry();
          let committed: Model = { projects: [], active: null };
          for (const batch of batches) {
            const draft = new Draft(registry);
            const model = copyOf(committed);
            for (const change of batch.changes) {
              const top = new Draft(draft);
              const tried = copyOf(model);
              for (const one of change.steps) {
                take(one, tried, top);
                expectSame(top, tried);
              }
              if (change.fails) continue;
              draft.absorb(top);
              Object.assign(model, tried);
              expectSame(draft, model);
            }
            expectSame(registry, committed);
            if (batch.fails) continue;
            registry.apply(draft.changes);
            committed = model;
            expectSame(registry, committed);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test('take names over from each other within one draft', () => {
    const registry = registryOf(project(1, { name: 'a' }), project(2, { name: 'b' }));
    const draft = new Draft(registry);
    for (const [number, name] of [
      [1, 'c'],
      [2, 'a'],
      [1, 'b'],
    ] as const) {
      draft.put(project(number, { name }));
    }
    registry.apply(draft.changes);
    for (const view of [registry, draft]) {
      expect(view.named('A')?.project_id).toBe(uuid(2));
      expect(view.named('B')?.project_id).toBe(uuid(1));
      expect(view.named('c')).toBeUndefined();
    }
  });

  test('know no project that only a prototype would have', () => {
    const registry = registryOf(project(1));
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(registry.get(name)).toBeUndefined();
      expect(registry.named(name)).toBeUndefined();
      expect(registry.at(name)).toEqual([]);
    }
    const draft = new Draft(registry);
    draft.put(project(2, { name: '__proto__', source_path: '__proto__' }));
    expect(draft.named('__PROTO__')?.project_id).toBe(uuid(2));
    registry.apply(draft.changes);
    expect(registry.at('__proto__')).toHaveLength(1);
  });
});

describe('the steps of a draft', () => {
  test('tell before and after, and nothing where nothing changed', () => {
    const [one, two] = [project(1), project(2)];
    const draft = new Draft(registryOf(one));
    const renamed = project(1, { name: 'renamed' });
    draft.put(two);
    draft.put(renamed);
    draft.activate(two.project_id);
    draft.activate(two.project_id);
    draft.remove(two.project_id);
    draft.remove(uuid(9));
    expect(draft.changes).toEqual([
      { id: two.project_id, after: two },
      { id: one.project_id, before: one, after: renamed },
      { active: two.project_id, previous: null },
      { id: two.project_id, before: two },
    ]);
  });

  test('tell how a lease has ended; absorbed, only where nothing followed', () => {
    const [one, two] = [project(1), project(2)];
    const draft = new Draft(registryOf(one, two));
    const top = new Draft(draft);
    const oneAfter = project(1, { file_count: 1 });
    const twoAfter = project(2, { file_count: 2 });
    const twoLast = project(2, { file_count: 3 });
    top.put(oneAfter, 'completed');
    top.put(twoAfter, 'failed');
    top.put(twoLast);
    expect(top.changes).toEqual([
      { id: one.project_id, before: one, after: oneAfter, outcome: 'completed' },
      { id: two.project_id, before: two, after: twoAfter, outcome: 'failed' },
      { id: two.project_id, before: twoAfter, after: twoLast },
    ]);
    draft.absorb(top);
    expect(draft.changes).toEqual([
      { id: one.project_id, before: one, after: oneAfter, outcome: 'completed' },
      { id: two.project_id, before: two, after: twoLast },
    ]);
  });
});
