/** What the copy of an earlier daemon knows better of a lease than the file that is found at a start. */
import { describe, expect, test } from 'vitest';
import { completeProject } from '../../../src/domain/complete-project.ts';
import { blankTraining, MAX_TOKEN, type Project } from '../../../src/domain/project.ts';
import { Draft } from '../../../src/domain/draft.ts';
import { Registry } from '../../../src/domain/registry.ts';
import { changesLease, takeUpLease } from '../../../src/domain/training/succession.ts';
import * as training from '../../../src/domain/training/training.ts';

const T0 = '2026-01-05T10:00:00.000Z';
const T1 = '2026-01-05T10:00:01.000Z';
const ID = '00000000-0000-4000-8000-000000000001';

const PLAIN: Project = completeProject(
  { name: 'a', source_path: '/src/a', created_at: T0, last_updated: T0, training_status: 'failed' },
  ID,
  T0,
);

function begun(before: Project, token: number): Project {
  return training.begin(new Draft(new Registry([before])), before, token, { name: 'lora' }, T1);
}

function ended(held: Project): Project {
  return training.complete(new Draft(new Registry([held])), ID, {}, {}, T1);
}

const HELD = begun(PLAIN, 7);
const COMPLETED = ended(HELD);
/** As a program of version 1.0 writes them. */
const withoutRecord = (project: Project): Project => ({ ...project, training: null });

const GOES_ON = { training_status: 'training', training: { token: 7, holder: { name: 'lora' } } };

describe('a lease that the copy knows goes on where the file', () => {
  test.each<[string, Project]>([
    ['was written by a program that read it before', withoutRecord(PLAIN)],
    ['was written by a program that read it meanwhile', withoutRecord(HELD)],
    ['has another status', { ...HELD, training_status: 'completed' }],
    ['is from during an earlier lease', begun(PLAIN, 5)],
    [
      'has a token that none can follow',
      { ...HELD, training: { ...blankTraining(), token: MAX_TOKEN - 1, holder: {} } },
    ],
  ])('%s', (_, there) => {
    expect(takeUpLease(HELD, there)).toMatchObject(GOES_ON);
  });
});

test.each<[string, copy: Project | undefined, there: Project]>([
  ['no copy', undefined, HELD],
  ['a copy without a record', PLAIN, HELD],
  ['a copy from before the lease', ended(begun(PLAIN, 5)), HELD],
  [
    'a copy from before an ask to stop',
    HELD,
    { ...HELD, training: { ...HELD.training, cancel_requested: true } as Project['training'] },
  ],
  ['a copy from before the end of the lease', HELD, COMPLETED],
  ['a copy from before other leases', HELD, ended(begun(COMPLETED, 9))],
  ['a copy that says the same', COMPLETED, COMPLETED],
])('the file stands as it is beside %s', (_, copy, there) => {
  expect(takeUpLease(copy, there)).toBe(there);
});

test('a lease that is over by the copy is over, as it ended', () => {
  expect(takeUpLease(COMPLETED, HELD)).toMatchObject({
    training_status: 'completed',
    training: { token: 7, holder: null },
  });
  expect(takeUpLease(ended(begun(PLAIN, 9)), HELD)).toMatchObject({
    training_status: 'failed',
    training: { token: 9, holder: null },
  });
});

test('the token of a lease that is over does not go back', () => {
  expect(takeUpLease(COMPLETED, withoutRecord(COMPLETED))).toMatchObject({
    training_status: 'completed',
    training: { token: 7, holder: null },
  });
});

test.each<[string, boolean, Project | undefined, Project | undefined]>([
  ['beginning', true, PLAIN, HELD],
  ['ending', true, HELD, COMPLETED],
  ['taking by force', true, HELD, begun(HELD, 8)],
  [
    'reporting',
    false,
    HELD,
    { ...HELD, training: { ...blankTraining(), ...HELD.training, phase: 'saving' } },
  ],
  ['tagging', false, HELD, { ...HELD, tags: ['x'] }],
  ['registering', false, undefined, PLAIN],
  ['removing', false, HELD, undefined],
])('whether %s changes the lease: %s', (_, expected, before, after) => {
  expect(changesLease(before, after)).toBe(expected);
});
