import { isMainThread } from 'node:worker_threads';
import { afterEach, describe, expect, test, type TestContext } from 'vitest';
import { canonicalTime, timestampOf } from '../../../src/domain/values/time.ts';

const zoneBefore = process.env['TZ'];

/** A thread, in which mutants are run, keeps the zone of its process. */
function inZone(zone: string, { skip }: TestContext): void {
  skip(!isMainThread && zone !== zoneBefore, `a thread cannot go to ${zone}`);
  process.env['TZ'] = zone;
}

afterEach(() => {
  if (zoneBefore === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zoneBefore;
});

test.each([
  [Date.UTC(2026, 0, 5, 9, 30), '2026-01-05T09:30:00.000Z'],
  [Date.UTC(9999, 11, 31, 23, 59, 59, 999), '9999-12-31T23:59:59.999Z'],
  [Date.UTC(10_000, 0, 1), '9999-12-31T23:59:59.999Z'],
  [8.64e15, '9999-12-31T23:59:59.999Z'],
  [-8.64e15, '0001-01-01T00:00:00.000Z'],
])('whatever a clock says (%d), a start can read it', (ms, text) => {
  expect(timestampOf(ms)).toBe(text);
  expect(canonicalTime(timestampOf(ms))).toBe(text);
});

describe('a time with a zone', () => {
  test.for<[string, string]>([
    ['2026-01-05T09:30:00.123Z', '2026-01-05T09:30:00.123Z'],
    ['2026-01-05T09:30:00Z', '2026-01-05T09:30:00.000Z'],
    ['2026-01-05T09:30:00.123456Z', '2026-01-05T09:30:00.123Z'],
    ['2026-01-05T09:30:00.1Z', '2026-01-05T09:30:00.100Z'],
    ['2026-01-05T09:30Z', '2026-01-05T09:30:00.000Z'],
    ['2026-01-05 09:30:00+00:00', '2026-01-05T09:30:00.000Z'],
    ['2026-01-05T09:30:00.999999+02:00', '2026-01-05T07:30:00.999Z'],
    ['2026-01-05T09:30:00-0530', '2026-01-05T15:00:00.000Z'],
    ['2026-01-05t09:30:00z', '2026-01-05T09:30:00.000Z'],
    ['2026-12-31T23:59:59.999-00:01', '2027-01-01T00:00:59.999Z'],
    ['2024-02-29T12:00:00.000Z', '2024-02-29T12:00:00.000Z'],
    ['0001-01-02T00:00:00.999999999-0530', '0001-01-02T05:30:00.999Z'],
  ])('%s is %s', ([text, canonical], context) => {
    inZone('America/New_York', context);
    expect(canonicalTime(text)).toBe(canonical);
  });
});

describe('a time without a zone is local time, as Python’s naive datetime', () => {
  test.for<[string, string, string]>([
    ['2025-02-03 10:11:12.123456', 'Europe/Berlin', '2025-02-03T09:11:12.123Z'],
    ['2025-07-03 10:11:12.123456', 'Europe/Berlin', '2025-07-03T08:11:12.123Z'],
    ['2025-02-03 10:11:12', 'America/New_York', '2025-02-03T15:11:12.000Z'],
    ['2025-07-03T10:11:12', 'America/New_York', '2025-07-03T14:11:12.000Z'],
    ['2025-02-03 10:11:12', 'Asia/Kolkata', '2025-02-03T04:41:12.000Z'],
    ['2025-02-03 10:11:12', 'UTC', '2025-02-03T10:11:12.000Z'],
    // A date alone is its midnight, not that of UTC.
    ['2025-07-03', 'America/New_York', '2025-07-03T04:00:00.000Z'],
    // An hour that comes twice is the first, one that never came is pushed on: as Python's fold=0 has it.
    ['2025-10-26 02:30:00', 'Europe/Berlin', '2025-10-26T00:30:00.000Z'],
    ['2025-03-30 02:30:00', 'Europe/Berlin', '2025-03-30T01:30:00.000Z'],
  ])('%s in %s is %s', ([text, zone, canonical], context) => {
    inZone(zone, context);
    expect(canonicalTime(text)).toBe(canonical);
  });
});

describe('what is no time', () => {
  test.each([
    '',
    'yesterday',
    '2026',
    '2026-01',
    '2026-13-01',
    '2026-00-10',
    '2026-01-32',
    '2026-02-30',
    '2026-02-30T00:00:00.000Z',
    '2025-02-29T00:00:00.000Z',
    '2026-04-31 10:00:00',
    '2026-01-05T24:00:00.000Z',
    '2026-01-05T25:00:00Z',
    '2026-01-05T10:60:00Z',
    '2026-01-05T10:00:60.000Z',
    '0000-01-01T00:00:00.000Z',
    '2026-01-05T10:00:00+25:00',
    ' 2026-01-05T10:00:00Z',
    '2026-01-05T10:00:00Z; rm',
    '1736073000',
    '20260105T100000Z',
  ])('%j', (text) => {
    expect(canonicalTime(text)).toBeNull();
  });
});

test('the canonical form is its own', (context) => {
  inZone('Australia/Lord_Howe', context);
  for (const text of ['2025-02-03 10:11:12.123456', '2025-10-05 02:15:00', '1969-12-31 23:59:59.5']) {
    const canonical = canonicalTime(text);
    expect(canonical).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(canonicalTime(String(canonical))).toBe(canonical);
  }
});
