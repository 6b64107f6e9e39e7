import { describe, expect, test } from 'vitest';
import { blankProject, blankTraining, type Project, type Training } from '../../../src/domain/project.ts';
import {
  endedWith,
  joined,
  lastRecorded,
  MAX_HISTORY,
  servingOf,
  standingOf,
  withStanding,
} from '../../../src/domain/training/history.ts';
import { readHistory, writeHistory } from '../../../src/domain/training/kept-history.ts';

const ID = '0b7f6a52-6d4c-4f5e-9a6e-1c2d3e4f5a6b';
const AT = '2026-01-05T10:00:00.000Z';

function project(fields: Partial<Project>, training: Partial<Training> | null = null): Project {
  return {
    ...blankProject(ID, 'a', '/a', AT),
    ...fields,
    training: training && { ...blankTraining(), ...training },
  };
}

const held = (more: Partial<Training> = {}): Project =>
  project({ training_status: 'training' }, { token: 7, holder: { name: 'x' }, started_at: AT, ...more });

describe('what ended with a step', () => {
  test.each([
    ['nothing where nobody trained', project({}), project({ training_status: 'completed' }), null],
    ['nothing while it goes on', held(), held({ phase: 'x' }), null],
    ['lost to another lease', held(), held({ token: 8 }), 'lost'],
    ['given back', held(), project({}, { token: 7 }), 'released'],
    ['what the record says', held(), project({}, { token: 7, outcome: 'stalled' }), 'stalled'],
  ] as const)('%s', (_what, before, after, status) => {
    expect(endedWith({ id: ID, before, after })?.status ?? null).toBe(status);
  });

  test('is what the step says rather than what the record does', () => {
    const after = project({ training_status: 'failed' }, { token: 7, error: 'x', outcome: 'failed' });
    const ended = endedWith({ id: ID, before: held(), after, outcome: 'lost' });
    expect(ended).toMatchObject({ token: 7, status: 'lost', error: 'x', started_at: AT, adapter: false });
  });

  test('has no error of before where it was given back, but why somebody asked for that', () => {
    const before = held({
      cancel_reason: 'Ctrl-C',
      before: { training_status: 'failed', retrain_requested: null, error: 'x', attempt: 1 },
    });
    const after = project({ training_status: 'failed' }, { token: 7, error: 'x' });
    const ended = (outcome: 'released' | 'cancelled' | 'failed') =>
      endedWith({ id: ID, before, after, outcome })?.error;
    expect([ended('released'), ended('cancelled'), ended('failed')]).toEqual([null, 'Ctrl-C', 'x']);
  });
});

describe('what only the project tells', () => {
  const adapter = { lora_adapter_path: '/old', last_trained: AT, training_status: 'completed' as const };

  test.each([
    ['nothing of one that was never trained', project({}), null],
    ['its record', project(adapter, { token: 7, outcome: 'completed' }), 7],
    ['nothing of a lease that goes on', held({ outcome: 'completed' }), null],
  ] as const)('%s', (_what, of, token) => {
    expect(lastRecorded(of)?.token ?? null).toBe(token);
  });

  test.each([
    ['nothing in service', project({ lora_adapter_path: '/old' }), null],
    ['from before any training', project(adapter), 0],
    ['as an earlier version left it', project(adapter, { token: 7 }), 7],
    ['with a failure since', project({ ...adapter, training_status: 'failed' }, { token: 7 }), 0],
    [
      'of an output that the history has lost',
      project({ ...adapter, lora_adapter_path: `/data/projects/${ID}/trainings/5/lora_adapter.bin` }),
      5,
    ],
  ] as const)('what is in service: %s', (_what, of, token) => {
    expect(standingOf(of)?.token ?? null).toBe(token);
  });

  test('counts only where no training is known that made it', () => {
    const of = project(adapter, { token: 7, outcome: 'completed' });
    const known = joined([lastRecorded(of)].filter((one) => one !== null));
    expect(withStanding(known, standingOf(of))).toBe(known);
    const other = standingOf(project({ ...adapter, lora_adapter_path: '/other' }));
    expect(withStanding(known, other).map(({ token }) => token)).toEqual([7, 0]);
    expect(servingOf(of, known)?.token).toBe(7);
    expect(servingOf({ ...of, base_model: 'x' }, known)?.token).toBe(7);
    expect(servingOf({ ...of, lora_adapter_path: '/x' }, known)).toBeUndefined();
  });
});

describe('of trainings with the same paths is in service', () => {
  const at = (token: number): Partial<Project> => ({
    lora_adapter_path: `/data/projects/${ID}/trainings/${token}/lora_adapter.bin`,
  });
  const ended = (token: number, fields: Partial<Project>) =>
    lastRecorded(project(fields, { token, outcome: 'completed' }));

  test.each([
    ['the one whose output it is', [at(5), at(5)], at(5), 5],
    ['that also where another was trained from', [{ ...at(5), base_model: 'x' }, at(5)], at(5), 5],
    [
      'the last that left vectors',
      [{ ...at(5), vector_store_path: '/x' }, at(5)],
      { ...at(5), vector_store_path: '/x' },
      7,
    ],
    [
      'the last where it lies elsewhere',
      [{ lora_adapter_path: '/x' }, { lora_adapter_path: '/x' }],
      { lora_adapter_path: '/x' },
      7,
    ],
  ] as const)('%s', (_what, fields, of, token) => {
    const known = [ended(7, fields[0]), ended(5, fields[1])].filter((one) => one !== null);
    expect(servingOf(project(of), known)?.token).toBe(token);
  });
});

describe('the file', () => {
  const ended = lastRecorded(project({}, { token: 7, outcome: 'failed', error: 'x' }));
  const some = ended ? [ended] : [];

  test('is read as it was written', () => {
    expect(readHistory(writeHistory(some))).toEqual({ history: some, unusable: 0 });
  });

  test.each([
    ['{', null],
    ['null', null],
    ['[]', null],
    ['{"trainings":[{"token":-1},{"token":7},{"token":1e30}]}', { history: [], unusable: 3 }],
  ])('%s', (content, expected) => {
    expect(readHistory(content)).toEqual(expected);
  });

  test('of ten thousand entries has the last', () => {
    const entries = Array.from({ length: 10_000 }, (_, at) => ({ ...ended, token: at + 1 }));
    const { history = [] } = readHistory(JSON.stringify({ trainings: entries })) ?? {};
    expect(history.map(({ token }) => token)).toEqual(
      Array.from({ length: MAX_HISTORY }, (_, at) => 10_000 - at),
    );
  });

  test('is never longer than what is read again', () => {
    const long = some.map((one) => ({ ...one, error: 'x'.repeat(3 * 1024 * 1024) }));
    const two = [...long, ...long.map((one) => ({ ...one, token: 6 }))];
    expect(readHistory(writeHistory(two))?.history.map(({ token }) => token)).toEqual([7]);
  });
});
