/** How old things become, whatever the wall clock says. */
import { expect, test } from 'vitest';
import { Ages } from '../../../src/services/trash/ages.ts';

const DAY = 24 * 60 * 60 * 1000;
const START = Date.UTC(2026, 0, 1);

/** Days by the wall clock, and days for which the machine has been running then. */
type Look = readonly [wall: number, running: number];

/** On which of the looks something is due that was there at all of them; -1 for none. Each look is by another daemon. */
function dueAt(looks: readonly Look[]): number {
  let noted = '';
  return looks.findIndex(([wall, running]) => {
    const ages = new Ages(noted);
    const due = ages.look(['it'], { now: () => START + wall * DAY, uptime: () => running * DAY });
    noted = String(ages);
    return due.length > 0;
  });
}

test.for<readonly [what: string, looks: readonly Look[], due: number]>([
  [
    'a machine that runs, with daemons now and then',
    [
      [0, 1],
      [2, 3],
      [6.9, 7.9],
      [7, 8],
    ],
    3,
  ],
  [
    'one that runs, and no daemon in between',
    [
      [0, 1],
      [9, 10],
    ],
    1,
  ],
  [
    'a clock that jumps ahead',
    [
      [0, 1],
      [4000, 1.1],
      [4000.1, 1.2],
    ],
    -1,
  ],
  [
    'one that jumps ahead and back again',
    [
      [0, 1],
      [4000, 1.1],
      [0.2, 1.2],
      [5, 6],
      [6.9, 7.9],
    ],
    4,
  ],
  [
    'one that jumps back',
    [
      [0, 1],
      [-4000, 2],
      [-3996, 6],
      [-3993, 9],
    ],
    3,
  ],
  [
    'a machine that starts in 1970 and is told the time',
    [
      [-20_000, 0],
      [0, 0.01],
      [5.8, 5.8],
      [6.1, 6.1],
    ],
    3,
  ],
  [
    'one that was off for weeks',
    [
      [0, 1],
      [21, 0.1],
      [26.8, 5.9],
      [27.1, 6.2],
    ],
    3,
  ],
  [
    'one whose clock is a year further at each start',
    Array.from({ length: 50 }, (_, start) => [start * 365, 0.001] as const),
    -1,
  ],
  [
    'one that runs, while its clock is put a day ahead at each look',
    Array.from({ length: 50 }, (_, look) => [look, 1 + look / 1000] as const),
    -1,
  ],
  [
    'one that runs for half of each day',
    Array.from({ length: 30 }, (_, day) => [day, day % 2 === 0 ? 0.1 : 0.6] as const),
    20,
  ],
  ['one that runs an hour each day', Array.from({ length: 200 }, (_, day) => [day, 0.04] as const), -1],
])('%s', ([, looks, due]) => {
  expect(dueAt(looks)).toBe(due);
});

test('what is new begins at zero, and what was away and is back does, too', () => {
  const at = (day: number) => ({ now: () => START + day * DAY, uptime: () => day * DAY });
  const ages = new Ages();
  ages.look(['a'], at(1));
  expect(ages.look(['a', 'b'], at(8))).toEqual(['a']);
  ages.look(['b'], at(9));
  expect(ages.look(['a', 'b'], at(15))).toEqual(['b']);
});

test.for([
  '',
  'no json',
  'null',
  '[]',
  '{"looked_at":1,"uptime":2}',
  '{"looked_at":"1","uptime":2,"kept":{"it":1e12}}',
  '{"looked_at":1,"uptime":2,"kept":{"it":604800000}}',
  '{"looked_at":1,"uptime":2,"kept":{"it":[604800000,"604800000"]}}',
  '{"looked_at":1,"uptime":2,"kept":{"it":[604800000]}}',
  '{"looked_at":1,"uptime":2,"kept":{"it":[-5,604800000]}}',
])('of a note %s nothing is believed', (text) => {
  const clock = { now: () => START, uptime: () => DAY };
  expect(new Ages(text).look(['it'], clock)).toEqual([]);
});
