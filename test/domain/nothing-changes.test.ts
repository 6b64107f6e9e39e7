/** A change that changes nothing is none: nothing is written, no etag moves, nobody is told. */
import { expect, test } from 'vitest';
import * as operations from '../../src/domain/changes.ts';
import { Draft } from '../../src/domain/registry.ts';
import * as training from '../../src/domain/training/training.ts';
import { LATER, NOW, project, registryOf } from '../support/projects.ts';

const there = project(1, { tags: ['a'], metadata: { k: { l: 1 } }, training_status: 'failed' });
const holder = { name: 'sh', pid: 7 };

function draft(): Draft {
  return new Draft(registryOf(there));
}

test.each<[string, operations.ProjectUpdate]>([
  ['nothing', {}],
  ['the same name', { name: ' p1 ' }],
  ['the same path', { source_path: '/src/./p1/' }],
  ['the same tags', { tags: ['a', 'a'] }],
  ['the same metadata', { metadata: { k: { l: 1 } } }],
  ['a key deleted that is not there', { metadata: { other: null } }],
  ['the same path of an adapter', { lora_adapter_path: null }],
])('an update with %s', (_what, fields) => {
  const after = draft();
  expect(operations.update(after, 'p1', fields, LATER)).toBe(there);
  expect(after.changes).toEqual([]);
});

test('the same status, unless it says when training completed', () => {
  const after = draft();
  expect(operations.setStatus(after, 'p1', 'failed', LATER)).toBe(there);
  expect(after.changes).toEqual([]);
  operations.setStatus(after, 'p1', 'completed', LATER);
  operations.setStatus(after, 'p1', 'completed', '2026-03-01T12:00:00.000Z');
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
  operations.retrain(after, 'p1', LATER);
  expect(after.changes.length).toBeGreaterThanOrEqual(3);
});
