/** What is known here of a lease, and what another content may say of it. */
import { describe, expect, test } from 'vitest';
import { completeProject } from '../../../src/domain/complete-project.ts';
import {
  type Before,
  blankTraining,
  MAX_BROUGHT_TOKEN,
  MAX_TOKEN,
  type Project,
  type Training,
} from '../../../src/domain/project.ts';
import { Draft } from '../../../src/domain/draft.ts';
import { Registry } from '../../../src/domain/registry.ts';
import { changesLease, succeedProject, takeUpLease } from '../../../src/domain/training/succession.ts';
import { DISCONNECTED } from '../../../src/domain/training/record.ts';
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

function withRecord(project: Project, fields: Partial<Training>): Project {
  return { ...project, training: { ...blankTraining(), ...project.training, ...fields } };
}

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
  [
    'a lease that goes on, where somebody has put the greatest token that may be brought',
    HELD,
    withRecord(COMPLETED, { token: MAX_BROUGHT_TOKEN }),
  ],
])('the file stands as it is beside %s', (_, copy, there) => {
  expect(takeUpLease(copy, there)).toBe(there);
});

test.each([
  ['gpu0', 'gpu1'],
  ['gpu0', undefined],
  [undefined, 'gpu1'],
])(
  'a lease that has the slot %s by the copy has it, and not the slot %s that the file says',
  (slot, other) => {
    const there = withRecord(HELD, { slot: other, cancel_requested: true });
    expect(takeUpLease(withRecord(HELD, { slot }), there)).toEqual(
      withRecord(HELD, { slot, cancel_requested: true }),
    );
    // One that has ended since has none.
    expect(takeUpLease(withRecord(HELD, { slot }), COMPLETED)).toBe(COMPLETED);
  },
);

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
  ['bringing back under a lease', true, undefined, HELD],
  ['losing the record', true, HELD, withoutRecord(HELD)],
  [
    'writing to a record that no lease stands behind',
    false,
    COMPLETED,
    withRecord(COMPLETED, { attempt: 3 }),
  ],
  ['removing', false, HELD, undefined],
])('whether %s changes the lease: %s', (_, expected, before, after) => {
  expect(changesLease(before, after)).toBe(expected);
});

describe('while a project is being trained, another content', () => {
  const WISH = { at: T0, reason: 'new base model' };
  /** Failed twice running for want of its trainer, asked for once more, and then begun. */
  const LOST: Project = {
    ...PLAIN,
    retrain_requested: WISH,
    training: { ...blankTraining(), token: 3, error: DISCONNECTED, attempt: 2 },
  };
  const HERE = begun(LOST, 7);
  const BEFORE: Before = {
    training_status: 'failed',
    retrain_requested: WISH,
    error: DISCONNECTED,
    attempt: 2,
  };
  const under = (there: Project): Project => succeedProject(HERE, there, true);

  test('changes what is not of the training', () => {
    expect(under({ ...HERE, tags: ['x'], name: 'b' })).toEqual({ ...HERE, tags: ['x'], name: 'b' });
  });

  test('of the same lease may change what is reported, and nothing that its holder needs', () => {
    const report = { phase: 'by hand', note: 'mine' };
    const edited = withRecord(HERE, {
      ...report,
      started_at: T0,
      cancel_requested: true,
      cancel_reason: 'by hand',
      attempt: 9,
      stall_ms: 1,
      before: { ...BEFORE, training_status: 'completed' },
      holder: { name: 'somebody else' },
    });
    expect(under(edited)).toEqual(withRecord(HERE, report));
  });

  test.each<[string, Project]>([
    ['without a record', withoutRecord(HERE)],
    [
      'with a record that says that it is over',
      { ...withRecord(HERE, { phase: 'x' }), training_status: 'failed' },
    ],
    ['from an earlier lease', withRecord(begun(LOST, 5), { phase: 'x' })],
  ])('%s leaves the record as it is', (_what, there) => {
    expect(under(there)).toEqual(HERE);
  });

  test('of the same lease that asks for the project has it trained once more afterwards', () => {
    const wish = { at: T1, reason: 'by hand' };
    const asked = under({ ...HERE, retrain_requested: wish });
    expect(asked).toEqual(withRecord(HERE, { before: { ...BEFORE, retrain_requested: wish } }));
  });

  const elsewhere = { token: 5, error: 'out of memory', attempt: 1 };

  test.each<[string, Project, object]>([
    [
      'of version 1.0 that says the same status has it as lost as before',
      { ...withoutRecord(PLAIN), retrain_requested: null },
      BEFORE,
    ],
    [
      'of version 1.0 that says another has it lost no more',
      { ...withoutRecord(PLAIN), training_status: 'completed' },
      { ...BEFORE, training_status: 'completed', error: null, attempt: 0 },
    ],
    ['of version 1.0 that was read meanwhile has it all as before', withoutRecord(HERE), BEFORE],
    [
      'that has another status by hand has it so, and lost no more',
      { ...HERE, training_status: 'completed' },
      { ...BEFORE, training_status: 'completed', error: null, attempt: 0 },
    ],
    [
      'that has the earlier status by hand has it as lost as before',
      { ...HERE, training_status: 'failed' },
      BEFORE,
    ],
    [
      'from after an earlier lease has it as that one ended',
      withRecord(PLAIN, elsewhere),
      { ...BEFORE, error: 'out of memory', attempt: 1 },
    ],
    [
      'from during an earlier lease has it as it was before that one',
      begun({ ...PLAIN, training_status: 'completed' }, 5),
      { training_status: 'completed', retrain_requested: null, error: null, attempt: 0 },
    ],
    [
      'that asks for the project has it asked for in these words',
      { ...withoutRecord(PLAIN), retrain_requested: { at: T1, reason: 'by hand' } },
      { ...BEFORE, retrain_requested: { at: T1, reason: 'by hand' } },
    ],
  ])('%s, once the lease is released', (_what, there, before) => {
    const after = under(there);
    expect(after.training?.before).toEqual(before);
    expect(after).toMatchObject({ training_status: 'training', retrain_requested: null });
  });
});

describe('where nobody trains the project, a lease', () => {
  test('that was recorded here does not outlive another content', () => {
    expect(succeedProject(HELD, PLAIN, false)).toEqual(withRecord(PLAIN, { token: 7 }));
  });

  test.each<[string, Project | undefined]>([
    ['is new here', undefined],
    ['was never trained here', PLAIN],
    ['was trained here earlier', ended(begun(PLAIN, 5))],
    ['was trained here under the same token, and another lease', withRecord(COMPLETED, { started_at: T0 })],
  ])('that only the content knows, of a project that %s, leaves it as it was before', (_what, here) => {
    expect(succeedProject(here, HELD, false)).toEqual({
      ...PLAIN,
      last_updated: T1,
      training: { ...blankTraining(), token: 7, started_at: T1, updated_at: T1, outcome: 'released' },
    });
  });

  test('that has ended here ended as it did here', () => {
    const completed: Project = { ...COMPLETED, retrain_requested: { at: T1, reason: null } };
    expect(succeedProject(completed, { ...HELD, tags: ['x'] }, false)).toEqual({ ...completed, tags: ['x'] });
  });
});

test.each<[string, here: number, there: number, token: number]>([
  ['does not go back', 7, 5, 7],
  ['stays', 7, 7, 7],
  ['may go up', 7, 9, 9],
  ['may go up as far as tokens may be brought', 7, MAX_BROUGHT_TOKEN, MAX_BROUGHT_TOKEN],
  ['goes no further', 7, MAX_BROUGHT_TOKEN + 1, 7],
])('by another content a token %s', (_what, here, there, token) => {
  const after = succeedProject(
    withRecord(COMPLETED, { token: here }),
    withRecord(COMPLETED, { token: there }),
    false,
  );
  expect(after).toEqual(withRecord(COMPLETED, { token }));
});
