import { describe, expect, test } from 'vitest';
import { completeProject } from '../../../src/domain/complete-project.ts';
import { etagOf } from '../../../src/domain/encoding.ts';
import type { Project } from '../../../src/domain/project.ts';
import type { Change } from '../../../src/domain/draft.ts';
import type { RegistryEvent } from '../../../src/protocol/events.ts';
import { changeText } from '../../../src/services/feed/event-text.ts';

const ID = '0b7f6a52-6d4c-4f5e-9a6e-1c2d3e4f5a6b';
const AT = '2026-01-05T10:00:00.000Z';
const BEFORE = completeProject({ name: 'payments', source_path: '/src/payments' }, ID, AT);
const wire = (project: Project) => ({ ...project, etag: etagOf(project) });

function eventFor(change: Change, known: Project[] = []) {
  const active =
    'active' in change ? known.find(({ project_id }) => project_id === change.active) : undefined;
  return JSON.parse(changeText(change, 'rpc', AT, active)) as RegistryEvent;
}

describe('the event of', () => {
  test('a new project has the project', () => {
    expect(eventFor({ id: ID, after: BEFORE })).toEqual({
      type: 'registered',
      project_id: ID,
      project: wire(BEFORE),
      origin: 'rpc',
      at: AT,
    });
  });

  test('a removal has the project as it was', () => {
    expect(eventFor({ id: ID, before: BEFORE })).toEqual({
      type: 'removed',
      project_id: ID,
      previous: wire(BEFORE),
      origin: 'rpc',
      at: AT,
    });
  });

  test('a change has both, each with its etag', () => {
    const after = { ...BEFORE, language: 'go' };
    const event = eventFor({ id: ID, before: BEFORE, after });
    expect(event).toEqual({
      type: 'updated',
      project_id: ID,
      project: wire(after),
      previous: wire(BEFORE),
      origin: 'rpc',
      at: AT,
    });
    expect(etagOf(after)).not.toBe(etagOf(BEFORE));
  });

  test.each([
    ['the status', { training_status: 'training' }],
    [
      'the record',
      { training: { ...completeProject({ ...BEFORE, training: {} }, ID, AT).training, phase: 'x' } },
    ],
    ['the request', { retrain_requested: { at: AT, reason: null } }],
  ] as [string, Partial<Project>][])('a change of %s of training is about training', (_, fields) => {
    expect(eventFor({ id: ID, before: BEFORE, after: { ...BEFORE, ...fields } }).type).toBe('training');
  });

  test.each(['completed', 'failed', 'released'] as const)(
    'a lease that has ended as %s says so',
    (outcome) => {
      const held: Project = { ...BEFORE, training_status: 'training' };
      expect(eventFor({ id: ID, before: held, after: BEFORE, outcome })).toEqual({
        type: 'training',
        project_id: ID,
        project: wire(BEFORE),
        previous: wire(held),
        outcome,
        origin: 'rpc',
        at: AT,
      });
    },
  );

  test('another active project has the project, and the id of the one before', () => {
    expect(eventFor({ active: ID, previous: 'another' }, [BEFORE])).toEqual({
      type: 'activated',
      project_id: ID,
      project: wire(BEFORE),
      previous: 'another',
      origin: 'rpc',
      at: AT,
    });
  });

  test('no active project any more has none', () => {
    const event = eventFor({ active: null, previous: ID }, [BEFORE]);
    expect(event).toEqual({ type: 'activated', project_id: null, previous: ID, origin: 'rpc', at: AT });
  });

  test('an active project that does not exist has only its id', () => {
    expect(eventFor({ active: ID, previous: null })).toEqual({
      type: 'activated',
      project_id: ID,
      previous: null,
      origin: 'rpc',
      at: AT,
    });
  });

  test('an outside edit says so', () => {
    expect(JSON.parse(changeText({ id: ID, after: BEFORE }, 'file', AT, undefined))).toMatchObject({
      origin: 'file',
    });
  });
});
