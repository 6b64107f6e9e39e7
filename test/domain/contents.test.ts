/** What is taken out of other contents, and what that comes to. */
import { describe, expect, test } from 'vitest';
import { bringBack, effectOf, importFrom } from '../../src/domain/contents.ts';
import { blankTraining, type Project } from '../../src/domain/project.ts';
import { Draft } from '../../src/domain/draft.ts';
import { Registry } from '../../src/domain/registry.ts';
import { decodeRegistry } from '../../src/store/format/decode.ts';
import { LATER, NOW, project, registryOf, uuid } from '../support/projects.ts';

const draftOf = (...projects: readonly Project[]): Draft => new Draft(registryOf(...projects));
const nobody = (): boolean => false;
const named = (n: number, name = `p${n}`) => ({ project_id: uuid(n), name });

describe('bringing projects back', () => {
  const earlier = registryOf(project(1, { file_count: 5 }), project(2));

  test('puts them in as they were, under their old ids', () => {
    const draft = draftOf(project(3), project(1, { name: 'renamed' }));
    bringBack(draft, earlier, ['p1', uuid(2)], nobody);
    expect(draft.get(uuid(1))).toMatchObject({ name: 'p1', file_count: 5 });
    expect(draft.get(uuid(2))).toMatchObject({ name: 'p2' });
    expect([...draft.projects()].map(({ name }) => name)).toEqual(['p3', 'p1', 'p2']);
  });

  test('never brings a token back that was given out since', () => {
    const training = { ...blankTraining(), token: 9 };
    const draft = draftOf(project(1, { training }));
    bringBack(draft, earlier, ['p1'], nobody);
    expect(draft.get(uuid(1))?.training?.token).toBe(9);
  });

  test('refuses one that was never there, and one whose name is another’s by now', () => {
    const draft = draftOf(project(9, { name: 'P2' }));
    expect(() => bringBack(draft, earlier, ['p7'], nobody)).toThrow(/cannot find project "p7"/);
    expect(() => bringBack(draft, earlier, ['p2'], nobody)).toThrow(/the name belongs to/);
  });

  test('names those that there are to whoever asks for another one', () => {
    const names = Array.from({ length: 30 }, (_, n) => `p${n + 1}`);
    const many = registryOf(...names.map((_, n) => project(n + 1)));
    expect(() => bringBack(draftOf(), many, ['other'], nobody)).toThrow(
      expect.objectContaining({ data: expect.objectContaining({ suggestions: names.slice(0, 20) }) }),
    );
  });

  test('tells what it comes to, and of others nothing', () => {
    const now = new Registry([project(1, { tags: ['new'] }), project(3)], uuid(1));
    expect(bringBack(new Draft(now), earlier, ['P2', 'p1', uuid(1)], nobody)).toEqual({
      comes_back: [named(2)],
      goes: [],
      changes: [{ ...named(1), fields: ['file_count', 'tags'] }],
      stay: 0,
    });
  });
});

describe('an effect', () => {
  const fields = (now: Project, then: Project): string[] =>
    effectOf(registryOf(now), registryOf(then)).changes.flatMap((one) => one.fields);

  test('is of all projects, and of the active one', () => {
    const now = new Registry([project(1), project(2), project(4)], uuid(4));
    const then = new Registry([project(3), project(2), project(1, { name: 'renamed' })], uuid(8));
    expect(effectOf(now, then)).toEqual({
      comes_back: [named(3)],
      goes: [named(4)],
      changes: [{ ...named(1), fields: ['name'] }],
      stay: 1,
      // The file may name one that there is not.
      active_project: { from: named(4), to: named(8, uuid(8)) },
    });
    expect(effectOf(now, new Registry([], null)).active_project).toEqual({ from: named(4), to: null });
  });

  test('leaves out what means nothing: the order of members, tokens, the time of the last change', () => {
    const training = { ...blankTraining(), token: 3, error: 'x' };
    const now = project(1, { metadata: { a: 1, b: 2 }, training });
    const then = {
      ...now,
      metadata: { b: 2, a: 1 },
      training: { ...training, token: 1 },
      last_updated: LATER,
    };
    expect(fields(now, then)).toEqual([]);
    expect(fields(now, { ...then, metadata: { a: 1 } })).toEqual(['metadata']);
    expect(fields(now, { ...then, training: { ...training, error: 'y' } })).toEqual(['training']);
    expect(fields(now, { ...then, training: null })).toEqual(['training']);
    expect(fields(now, { ...then, unknown: 1 })).toEqual(['unknown']);
  });

  test('knows a file of version 1.0 for the same where it means the same', () => {
    const now = project(1, { created_at: new Date('2025-02-03 10:11:12.123').toISOString() });
    const { last_trained, last_used, tags, metadata, training, retrain_requested, repository, ...old } = now;
    expect([last_trained, last_used, tags, metadata, training, retrain_requested, repository]).toHaveLength(
      7,
    );
    const stored = { ...old, created_at: '2025-02-03 10:11:12.123456', name: ' p1 ' };
    const decoded = decodeRegistry(Buffer.from(JSON.stringify({ projects: { [uuid(1)]: stored } })), NOW);
    const then = decoded.ok ? decoded.registry.get(uuid(1)) : undefined;
    expect(fields(now, then as Project)).toEqual([]);
    expect(fields({ ...now, tags: ['x'], last_used: NOW }, then as Project)).toEqual(['last_used', 'tags']);
  });
});

describe('importing', () => {
  test('takes what is not here, and leaves what is', () => {
    const draft = draftOf(project(1), project(2), project(9, { name: 'P3' }));
    const file = new Registry(
      [project(1), project(2, { name: 'other', file_count: 7 }), project(3), project(4)],
      uuid(4),
    );
    expect(importFrom(draft, file, nobody)).toEqual({
      new: [named(4)],
      taken: [{ ...named(3), by: project(9).source_path }],
      different: [{ ...named(2, 'other'), fields: ['name', 'file_count'] }],
      same: 1,
      active_project: named(4),
    });
    expect(draft.changes).toEqual([{ id: uuid(4), after: project(4) }]);
    expect(importFrom(draft, file, nobody)).toMatchObject({ new: [], same: 2, active_project: null });
  });

  test('brings trainings over, and no lease that nobody here holds', () => {
    const draft = draftOf();
    const training = { ...blankTraining(), token: 5, holder: { name: 'there' }, started_at: NOW };
    importFrom(draft, registryOf(project(1, { training_status: 'training', training })), nobody);
    expect(draft.get(uuid(1))).toMatchObject({
      training_status: 'not_started',
      training: { token: 5, holder: null },
    });
  });
});
