/** A change that changes nothing is none: nothing is written, no etag moves, nobody is told. */
import { expect, test } from 'vitest';
import * as operations from '../../src/domain/changes.ts';
import { retrain, setStatus } from '../../src/domain/training/status.ts';
import { Draft } from '../../src/domain/draft.ts';
import * as training from '../../src/domain/training/training.ts';
import { LATER, NOW, project, registryOf } from '../support/projects.ts';

const there = project(1, { tags: ['a'], metadata: { k: { l: 1, m: [2] } }, training_status: 'failed' });
const holder = { name: 'sh', pid: 7 };

function draft(): Draft {
  return new Draft(registryOf(there));
}

test.each<[string, operations.ProjectUpdate]>([
  ['nothing', {}],
  ['the same name', { name: ' p1 ' }],
  ['the same path', { source_path: '/src/./p1/' }],
  ['the same tags', { tags: ['a', 'a'] }],
  ['the same metadata', { metadata: { k: { l: 1, m: [2] } } }],
  ['the same metadata in another order', { metadata: { k: { m: [2], l: 1 } } }],
  ['a key deleted that is not there', { metadata: { other: null } }],
  ['the same path of an adapter', { lora_adapter_path: null }],
])('an update with %s', (_what, fields) => {
  const after = draft();
  expect(operations.update(after, 'p1', fields, LATER)).toBe(there);
  expect(after.changes).toEqual([]);
});

test.each<[string, operations.ProjectUpdate]>([
  ['a key more', { metadata: { k: { l: 1, m: [2], n: null } } }],
  ['a key less', { metadata: { k: { l: 1 } } }],
  ['another key', { metadata: { k: { l: 1, n: [2] } } }],
  ['a list that was a number', { metadata: { k: { l: [1], m: [2] } } }],
  ['a longer list', { metadata: { k: { l: 1, m: [2, 2] } } }],
  ['an object that was a list', { metadata: { k: { l: 1, m: { 0: 2 } } } }],
  ['null for an object', { metadata: { k: { l: 1, m: null } } }],
  ['other tags', { tags: [] }],
])('but not an update with %s', (_what, fields) => {
  const after = draft();
  expect(operations.update(after, 'p1', fields, LATER)).toMatchObject({ ...fields, last_updated: LATER });
  expect(after.changes).toHaveLength(1);
});

test('the same request for training while it waits, which keeps its place', () => {
  const after = draft();
  const first = retrain(after, 'p1', NOW, 'new model');
  expect(retrain(after, 'p1', LATER, 'new model')).toBe(first);
  expect(after.changes).toHaveLength(1);
  // A status that somebody has set does not answer it.
  setStatus(after, 'p1', 'failed', LATER);
  const again = retrain(after, 'p1', LATER, 'new model');
  expect(again).toMatchObject({ training_status: 'not_started', retrain_requested: first.retrain_requested });
  expect(retrain(after, 'p1', LATER, 'other').retrain_requested).toEqual({
    at: LATER,
    reason: 'other',
  });
  expect(after.changes).toHaveLength(4);
});

test('the same status, unless it says when training completed', () => {
  const after = draft();
  expect(setStatus(after, 'p1', 'failed', LATER)).toBe(there);
  expect(after.changes).toEqual([]);
  setStatus(after, 'p1', 'completed', LATER);
  setStatus(after, 'p1', 'completed', '2026-03-01T12:00:00.000Z');
  expect(after.changes).toHaveLength(2);
});

test('the same word to a trainer, and the same phase of it', () => {
  const after = draft();
  training.begin(after, there, 5, holder, NOW);
  training.notePhase(after, there.project_id, { phase: 'indexing' }, NOW);
  training.requestCancel(after, after.get(there.project_id) ?? there, 'why', NOW);
  const before = after.changes.length;
  training.notePhase(after, there.project_id, { phase: 'indexing' }, LATER);
  training.requestCancel(after, after.get(there.project_id) ?? there, 'why', LATER);
  expect(after.changes).toHaveLength(before);
});

test('what only notes the time is a change all the same where the time is the point', () => {
  const after = draft();
  operations.touch(after, 'p1', LATER);
  operations.activate(after, 'p1', LATER);
  retrain(after, 'p1', LATER);
  expect(after.changes.length).toBeGreaterThanOrEqual(3);
});
