/** The names of backups alone say which is the newest, whatever clocks and copying programs do. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as names from '../../src/domain/backup-names.ts';

const T = '20260301T100000.000Z';

describe('what is a backup', () => {
  test.each<[string, string]>([
    ['registry-last-good.json', 'last-good'],
    [`registry-${T}-edit.json`, 'edit'],
    [`registry-${T}-outside-edit.json`, 'outside-edit'],
    [`registry-${T}-2-edit.json`, 'edit'],
    [`registry-${T}-999999999999999-edit.json`, 'edit'],
  ])('%s, made for %s', (name, reason) => {
    expect([names.isBackupName(name), names.reasonOf(name)]).toEqual([true, reason]);
  });

  test.each([
    '',
    'registry.json',
    'registry-last-good.json.tmp',
    'a-registry-last-good.json',
    `registry-${T}-edit (1).json`,
    `registry-${T}-edit.json~`,
    `a-registry-${T}-edit.json`,
    `registry-${T}-.json`,
    `registry-${T}--edit.json`,
    `registry-${T}-Edit.json`,
    `registry-${T}-1000000000000000-edit.json`,
    `registry-${T}-1.json`,
    'registry-2026030T100000.000Z-edit.json',
    'registry-20260301T10000.000Z-edit.json',
    'registry-20260301T100000Z-edit.json',
    'registry-20260301T100000.000-edit.json',
    `registry-${T}-edit.sync-conflict-1.json`,
  ])('%j is none', (name) => {
    expect([names.isBackupName(name), names.reasonOf(name)]).toEqual([false, '']);
  });
});

test.each<[boolean, string]>([
  [true, 'registry-last-good.json'],
  [true, `registry-${T}-edit.json`],
  [true, `registry-${T}-imported.json`],
  [false, `registry-${T}-import.json`],
  [false, `registry-${T}-2-import.json`],
])('it is %j that the registry had the content of %s', (was, name) => {
  expect(names.wasContent(name)).toBe(was);
});

test('from the newest to the oldest; what is no backup comes last', () => {
  const ordered = [
    'registry-last-good.json',
    'registry-20260301T100000.001Z-edit.json',
    `registry-${T}-10-edit.json`,
    `registry-${T}-9-fault.json`,
    `registry-${T}-edit.json`,
    'registry-20251231T235959.999Z-3-edit.json',
    'something else',
  ];
  for (const [place, newer] of ordered.entries()) {
    for (const older of ordered.slice(place + 1)) {
      expect(names.newestFirst(newer, older)).toBeLessThan(0);
      expect(names.newestFirst(older, newer)).toBeGreaterThan(0);
    }
  }
  const byName = ordered.toSorted();
  fc.assert(
    fc.property(fc.shuffledSubarray(byName, { minLength: byName.length }), (shuffled) => {
      expect(shuffled.toSorted(names.newestFirst)).toEqual(ordered);
    }),
  );
});

test('what is equal stays in its order', () => {
  expect(names.newestFirst('registry-last-good.json', 'registry-last-good.json')).toBe(0);
  expect(names.newestFirst(`registry-${T}-edit.json`, `registry-${T}-fault.json`)).toBe(0);
  expect(names.newestFirst('one', 'another')).toBe(0);
});

describe('the next name', () => {
  const next = (others: string[], now = '2026-03-01T10:00:00.000Z'): string =>
    names.nextName(others, 'edit', now);

  test.each<[string, string[], string]>([
    ['has the time of the clock', [], `registry-${T}-edit.json`],
    ['whatever last-good is', ['registry-last-good.json'], `registry-${T}-edit.json`],
    ['whatever else lies there', ['something else'], `registry-${T}-edit.json`],
    ['after an older one', ['registry-20260301T095959.999Z-7-edit.json'], `registry-${T}-edit.json`],
    ['after one of the same time', [`registry-${T}-fault.json`], `registry-${T}-2-edit.json`],
    [
      'after several',
      [`registry-${T}-10-edit.json`, `registry-${T}-9-edit.json`],
      `registry-${T}-11-edit.json`,
    ],
    [
      'after one that is ahead of the clock',
      ['registry-20991231T235959.999Z-edit.json', `registry-${T}-edit.json`],
      'registry-20991231T235959.999Z-2-edit.json',
    ],
    [
      'after one that is ahead of the clock, whatever else lies there',
      ['registry-last-good.json', 'something else', 'registry-20991231T235959.999Z-edit.json'],
      'registry-20991231T235959.999Z-2-edit.json',
    ],
    [
      'after the greatest number',
      [`registry-${T}-999999999999999-edit.json`],
      'registry-20260301T100000.001Z-edit.json',
    ],
    [
      'after the greatest number but one',
      [`registry-${T}-999999999999998-edit.json`],
      `registry-${T}-999999999999999-edit.json`,
    ],
    [
      'after the greatest number of a time with leading zeros',
      ['registry-00010101T000000.999Z-999999999999999-edit.json'],
      `registry-${T}-edit.json`,
    ],
  ])('%s', (_what, others, expected) => {
    expect(next(others)).toBe(expected);
  });

  test('keeps the leading zeros of a time before this one', () => {
    const others = ['registry-00010101T000000.999Z-999999999999999-edit.json'];
    expect(next(others, '0001-01-01T00:00:00.000Z')).toBe('registry-00010101T000001.000Z-edit.json');
  });

  test('is newer than all, whatever they are and the clock says', () => {
    const time = fc.date({ min: new Date(0), max: new Date('2099-12-31'), noInvalidDate: true });
    const nth = fc.oneof(
      fc.constant(''),
      fc.integer({ min: 1, max: 12 }).map((n) => `-${n}`),
      fc.constant('-999999999999999'),
    );
    const name = fc.tuple(time, nth).map(([at, n]) => {
      const stamp = at.toISOString().replace(/[-:]/g, '');
      return `registry-${stamp}${n}-edit.json`;
    });
    fc.assert(
      fc.property(fc.array(name), time, (others, now) => {
        const made = next(others, now.toISOString());
        expect(names.isBackupName(made)).toBe(true);
        for (const other of others) expect(names.newestFirst(made, other)).toBeLessThan(0);
      }),
    );
  });
});

describe('when it was made', () => {
  const LATE = new Date('2026-06-01T00:00:00.000Z');
  test.each<[string, string, Date, string]>([
    ['as its name says', `registry-${T}-edit.json`, LATE, '2026-03-01T10:00:00.000Z'],
    ['with a number', `registry-${T}-4-edit.json`, LATE, '2026-03-01T10:00:00.000Z'],
    [
      'as the disk says, where the name went on from a later one',
      'registry-20991231T235959.999Z-2-edit.json',
      LATE,
      '2026-06-01T00:00:00.000Z',
    ],
    [
      'as the disk says, without a time in the name',
      'registry-last-good.json',
      LATE,
      '2026-06-01T00:00:00.000Z',
    ],
    [
      'as the disk says, where the name is as old',
      `registry-${T}-edit.json`,
      new Date('2026-03-01T10:00:00.000Z'),
      '2026-03-01T10:00:00.000Z',
    ],
    [
      'as the disk says, where the time of the name is none',
      'registry-20269999T999999.999Z-edit.json',
      LATE,
      '2026-06-01T00:00:00.000Z',
    ],
  ])('%s', (_what, name, written, expected) => {
    expect(names.createdAt(name, written)).toBe(expected);
  });
});
