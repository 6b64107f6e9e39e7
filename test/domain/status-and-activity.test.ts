import { describe, expect, test } from 'vitest';
import * as operations from '../../src/domain/changes.ts';
import { retrain, setStatus } from '../../src/domain/training/status.ts';
import { activeProject, resolveProject } from '../../src/domain/places/resolve.ts';
import { blankTraining, type Outcome, type Project, type TrainingStatus } from '../../src/domain/project.ts';
import { Draft } from '../../src/domain/draft.ts';
import { Registry } from '../../src/domain/registry.ts';
import * as training from '../../src/domain/training/training.ts';
import { LATER, NOW, project, registryOf, uuid } from '../support/projects.ts';

const draftOf = (...projects: readonly Project[]): Draft => new Draft(registryOf(...projects));
const waiting = { retrain_requested: { at: NOW, reason: 'better model' } };

describe('set_status', () => {
  test('to completed tells when it was trained, and has met a request', () => {
    const draft = draftOf(project(1, waiting));
    expect(setStatus(draft, 'p1', 'completed', LATER)).toMatchObject({
      training_status: 'completed',
      last_trained: LATER,
      last_updated: LATER,
      retrain_requested: null,
    });
  });

  test('to training has met a request, and says nothing of having trained', () => {
    const draft = draftOf(project(1, waiting));
    expect(setStatus(draft, 'p1', 'training', LATER)).toMatchObject({
      training_status: 'training',
      last_trained: null,
      retrain_requested: null,
    });
  });

  test('to failed keeps the error, and a request', () => {
    const draft = draftOf(project(1, waiting));
    const failed = setStatus(draft, 'p1', 'failed', LATER, { error: 'out of memory' });
    expect(failed).toMatchObject({
      training_status: 'failed',
      training: { error: 'out of memory', updated_at: LATER, token: 0 },
      ...waiting,
    });
    // The next status forgets the error.
    expect(setStatus(draft, 'p1', 'not_started', LATER).training).toMatchObject({ error: null });
  });

  test('keeps the token of earlier training', () => {
    const draft = draftOf(project(1, { training: { ...blankTraining(), token: 7 } }));
    expect(setStatus(draft, 'p1', 'failed', LATER, { error: 'x' }).training?.token).toBe(7);
    expect(setStatus(draft, 'p1', 'completed', LATER).training?.token).toBe(7);
  });

  test.each(['not_started', 'completed', 'failed'] as const)(
    'to %s by whoever trains it leaves nothing of the lease',
    (status) => {
      const draft = draftOf(project(1, waiting));
      const held = training.begin(draft, project(1, waiting), 7, { name: 'lora' }, NOW, { stall_ms: 5_000 });
      training.requestCancel(draft, held, 'urgent', NOW);
      const { training: record } = setStatus(draft, 'p1', status, LATER);
      expect(record).toMatchObject({ token: 7, holder: null, cancel_requested: false, started_at: NOW });
      for (const field of ['before', 'stall_ms', 'cancel_reason']) expect(record).not.toHaveProperty(field);
    },
  );

  test('to training by whoever trains it leaves the lease as it is, and a wish that they stop', () => {
    const draft = draftOf(project(1));
    const held = training.begin(draft, project(1), 7, { name: 'lora' }, NOW, { stall_ms: 5_000 });
    const asked = training.requestCancel(draft, held, 'urgent', NOW);
    expect(setStatus(draft, 'p1', 'training', LATER)).toEqual(asked);
  });

  test('to training, of a record that nobody holds, leaves nothing that only a lease needs', () => {
    const asked = { cancel_requested: true, cancel_reason: 'urgent', stall_ms: 5_000 };
    const draft = draftOf(project(1, { training: { ...blankTraining(), token: 7, ...asked } }));
    expect(setStatus(draft, 'p1', 'training', LATER).training).toEqual({
      ...blankTraining(),
      token: 7,
      updated_at: LATER,
    });
  });

  const record = { ...blankTraining(), token: 7, holder: { name: 'lora' } };
  const held = project(1, { training_status: 'training', training: record });

  test.each<[string, Project, TrainingStatus, Outcome | undefined]>([
    ['completed under a lease, ends it well', held, 'completed', 'completed'],
    ['failed under a lease, ends it in failure', held, 'failed', 'failed'],
    ['not_started under a lease, ends it in neither way', held, 'not_started', undefined],
    ['completed without a record, ends no lease', project(1), 'completed', undefined],
    [
      'failed, of a project that Python said is being trained, ends no lease',
      project(1, { training_status: 'training' }),
      'failed',
      undefined,
    ],
    [
      'failed, of a record without a holder, ends no lease',
      project(1, { training_status: 'training', training: blankTraining() }),
      'failed',
      undefined,
    ],
    [
      'completed, of a record whose lease ended by another status, ends no lease',
      project(1, { training_status: 'failed', training: record }),
      'completed',
      undefined,
    ],
  ])('to %s', (_what, before, status, outcome) => {
    const draft = draftOf(before);
    const after = setStatus(draft, 'p1', status, LATER);
    expect(draft.changes).toEqual([{ id: before.project_id, before, after, outcome }]);
  });

  test.each(['not_started', 'training', 'completed'] as const)('to %s goes with no error', (status) => {
    const draft = draftOf(project(1));
    expect(() => setStatus(draft, 'p1', status, LATER, { error: 'x' })).toThrow(
      expect.objectContaining({
        name: 'InvalidParamsError',
        issues: [{ path: 'error', message: 'goes with status "failed" only' }],
      }),
    );
    expect(draft.changes).toEqual([]);
  });
});

describe('retrain', () => {
  test('makes a project wait for training, with a reason or without', () => {
    const draft = draftOf(project(1, { training_status: 'completed', last_trained: NOW }), project(2));
    expect(retrain(draft, 'p1', LATER, 'why not')).toMatchObject({
      training_status: 'not_started',
      last_updated: LATER,
      last_trained: NOW,
      retrain_requested: { at: LATER, reason: 'why not' },
    });
    expect(retrain(draft, 'p2', LATER).retrain_requested).toEqual({ at: LATER, reason: null });
  });
});

describe('touch and activate', () => {
  test('note that a project was used, and do not count as a change of it', () => {
    const draft = draftOf(project(1), project(2));
    expect(operations.touch(draft, 'p1', LATER)).toMatchObject({ last_used: LATER, last_updated: NOW });
    expect(operations.activate(draft, 'P2', LATER)).toMatchObject({ last_used: LATER, last_updated: NOW });
    expect(draft.active).toBe(uuid(2));
    expect(activeProject(draft)?.name).toBe('p2');
  });

  test('activate with null leaves no project active', () => {
    const draft = new Draft(new Registry([project(1)], uuid(1)));
    expect(operations.activate(draft, null, LATER)).toBeNull();
    expect(draft.active).toBeNull();
    expect(activeProject(draft)).toBeNull();
  });

  test('an active project that does not exist is none', () => {
    expect(activeProject(new Registry([project(1)], uuid(9)))).toBeNull();
  });
});

describe('remove', () => {
  const registry = (active: number | null): Registry =>
    new Registry([project(3), project(1), project(2)], active === null ? null : uuid(active));

  test('of the active project makes the first remaining in file order active', () => {
    const draft = new Draft(registry(3));
    expect(operations.remove(draft, 'p3').name).toBe('p3');
    expect(draft.active).toBe(uuid(1));
    operations.remove(draft, 'p1');
    expect(draft.active).toBe(uuid(2));
    operations.remove(draft, 'p2');
    expect(draft.active).toBeNull();
    expect(draft.size).toBe(0);
  });

  test('of another project leaves the active one', () => {
    const draft = new Draft(registry(2));
    operations.remove(draft, 'p3');
    expect(draft.active).toBe(uuid(2));
  });

  test('where none is active makes none active', () => {
    const draft = new Draft(registry(null));
    operations.remove(draft, 'p3');
    expect(draft.active).toBeNull();
  });

  test('frees the name', () => {
    const draft = new Draft(registry(null));
    operations.remove(draft, 'p3');
    const again = { id: uuid(9), directory: '/d', now: NOW, name: 'P3', source_path: '/x' };
    expect(operations.register(draft, again).project_id).toBe(uuid(9));
  });
});

describe('resolve', () => {
  const registry = new Registry([project(1), project(2), project(3)], uuid(3));
  const around = { project: project(1), by: 'cwd' } as const;

  test.each([
    ['an argument before everything', { project: 'p1', env: 'p2', around }, 1, 'argument'],
    ['the environment before the directory', { env: 'p2', around }, 2, 'env'],
    ['the directory before the active one', { around }, 1, 'cwd'],
    ['the worktree before the active one', { around: { ...around, by: 'worktree' as const } }, 1, 'worktree'],
    ['the active one where nothing is given', {}, 3, 'active'],
    ['an empty environment as none', { env: '', around }, 1, 'cwd'],
  ])('takes %s', (_what, given, number, by) => {
    expect(resolveProject(registry, given)).toMatchObject({
      project: { project_id: uuid(number) },
      resolved_by: by,
    });
  });

  test('refuses an argument or an environment that matches nothing, whatever else would', () => {
    expect(() => resolveProject(registry, { project: 'px', around })).toThrow(/"px"/);
    expect(() => resolveProject(registry, { env: 'py', around })).toThrow(/"py"/);
  });

  test('refuses when there is nothing at all', () => {
    for (const empty of [registryOf(), new Registry([project(1)], uuid(9))]) {
      expect(() => resolveProject(empty, {})).toThrow(
        expect.objectContaining({
          kind: 'project_not_found',
          message: 'cannot tell which project is meant: none is given and none is active',
        }),
      );
    }
  });
});
