import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/domain/project.ts';
import type { Ended } from '../../../src/domain/training/history.ts';
import { olderOf, surplusOf } from '../../../src/domain/training/surplus.ts';

const OWN = '/data/projects/p';

function ended(token: number, status: Outcome = 'completed', more: Partial<Ended> = {}): Ended {
  return {
    token,
    status,
    started_at: null,
    ended_at: `2026-01-${String(token).padStart(2, '0')}T00:00:00.000Z`,
    error: null,
    holder: null,
    source: null,
    metadata: null,
    phases: [],
    bytes: 10,
    lora_adapter_path: status === 'completed' ? `${OWN}/trainings/${token}/lora_adapter.bin` : null,
    vector_store_path: null,
    context_path: null,
    trained_from: null,
    base_model: null,
    adapter: true,
    curve: [],
    ...more,
  };
}

/** The outputs that go, and `!` where the log stays. */
function goes(
  history: readonly Ended[],
  { live = null as number | null, unknown = [] as readonly number[] } = {},
) {
  const tokens = [...history.map(({ token }) => token), ...unknown, ...(live === null ? [] : [live])];
  return surplusOf({ own: OWN, tokens, history, live }).map(
    ({ token, keepsLog }) => `${token}${keepsLog ? '!' : ''}`,
  );
}

const all = (...tokens: number[]): Ended[] => tokens.map((token) => ended(token));

describe('of the outputs of a project', () => {
  test.each([
    ['nothing goes of the last three', all(1, 2, 3), {}, []],
    ['older ones go, with the log of the last five', all(1, 2, 3, 4, 5, 6), {}, ['3!', '2!', '1']],
    ['the one that is trained into neither goes nor counts', all(1, 2, 3), { live: 4 }, []],
    ['one that the history does not know may have completed', all(2, 3, 4), { unknown: [1] }, ['1!']],
    [
      'one that began since the history was looked at neither goes nor counts',
      all(1, 2, 3),
      { unknown: [4] },
      [],
    ],
    [
      'the last that did not complete stays',
      [ended(1, 'failed'), ended(2, 'lost'), ended(3, 'released')],
      {},
      ['2!', '1!'],
    ],
    [
      'one with nothing but a log stays as long as that, and takes no place',
      [ended(1, 'failed', { bytes: 0 }), ended(2, 'completed', { bytes: 0 }), ...all(3, 4, 5, 6)],
      {},
      ['3!', '1'],
    ],
    [
      'one whose adapter is elsewhere takes no place',
      [ended(1), ended(2, 'completed', { bytes: null, lora_adapter_path: '/models/x' }), ...all(3, 4)],
      {},
      [],
    ],
    [
      'what one that stays had in service of an earlier one stays, too',
      [
        ended(1),
        ended(2),
        ended(3, 'completed', { vector_store_path: `${OWN}/trainings/1/vector_store` }),
        ...all(4, 5),
      ],
      {},
      ['2!'],
    ],
  ] as const)('%s', (_what, history, more, expected) => {
    expect(goes(history, more)).toEqual(expected);
  });

  test('those go that are older, however they ended and however few there are', () => {
    const known = { own: OWN, history: all(1, 2, 3), live: 4 };
    const before = '2026-01-03T00:00:00.000Z';
    const tokens = [1, 2, 3, 4, 5, Date.parse(before)];
    expect(olderOf({ ...known, tokens }, before).map(({ token }) => token)).toEqual([5, 2, 1]);
  });
});
