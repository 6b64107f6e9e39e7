/** When leases end by themselves, by the clock; with a real daemon in `trainers.test.ts`. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { completeProject } from '../../../src/domain/complete-project.ts';
import type { Project } from '../../../src/domain/project.ts';
import { Draft } from '../../../src/domain/draft.ts';
import { Registry } from '../../../src/domain/registry.ts';
import * as training from '../../../src/domain/training/training.ts';
import {
  type Connection,
  type Lease,
  type LeaseChange,
  Leases,
  RESUME_GRACE_MS,
} from '../../../src/services/training/leases.ts';

const ID = '0b7f6a52-6d4c-4f5e-9a6e-1c2d3e4f5a6b';
const AT = '2026-01-05T10:00:00.000Z';
/** Before the clock gives anything out: tokens are 1, 2 and 3. */
const AT_FIRST = '1970-01-01T00:00:00.000Z';
const PROJECT = completeProject({ name: 'payments', source_path: '/src/payments' }, ID, AT);

let lost: string[];
let freed: number;
let leases: Leases;

beforeEach(() => {
  vi.useFakeTimers();
  lost = [];
  freed = 0;
  leases = new Leases(
    ({ token }, why) => lost.push(`${token} ${why}`),
    () => (freed += 1),
  );
});

afterEach(() => {
  vi.useRealTimers();
});

/** The record of a lease, as the file has it. */
function recorded(token: number, stallMs?: number): Project {
  return training.begin(new Draft(new Registry([PROJECT])), PROJECT, token, { name: 'lora', pid: 7 }, AT, {
    stall_ms: stallMs,
  });
}

const connected = (): Connection => ({ ended: false });
const newChange = (): LeaseChange => ({ reserved: null, ending: null });

/** Takes a lease as the daemon does. */
function begin(trainer: Connection, stallMs?: number, force = false): Lease {
  const change = newChange();
  const token = leases.reserve(change, PROJECT, force, AT_FIRST);
  return leases.begin(change, recorded(token, stallMs), trainer, { name: 'lora' });
}

test('a trainer that stays connected may take for ever', () => {
  begin(connected());
  vi.advanceTimersByTime(30 * 24 * 3_600_000);
  expect(lost).toEqual([]);
  expect(leases.isFree(ID)).toBe(false);
});

test('a trainer whose connection ends has 10 s to resume, to the millisecond', () => {
  expect(RESUME_GRACE_MS).toBe(10_000);
  const trainer = connected();
  begin(trainer);
  leases.disconnect(connected());
  leases.disconnect(trainer);
  vi.advanceTimersByTime(9_999);
  expect(lost).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(lost).toEqual(['1 disconnected']);
  // To end it is up to whoever was told: it stays until that is written down.
  expect(leases.isFree(ID)).toBe(false);
});

test('a lease that begins when its connection has ended waits to be resumed, as one that is resumed then', () => {
  const lease = begin({ ended: true });
  vi.advanceTimersByTime(9_999);
  expect(lost).toEqual([]);
  leases.give(lease, { ended: true });
  vi.advanceTimersByTime(10_000);
  expect(lost).toEqual(['1 disconnected']);
});

test('a trainer that resumes has all the time it had, and again 10 s after its next connection', () => {
  const [first, second] = [connected(), connected()];
  const lease = begin(first);
  leases.disconnect(first);
  vi.advanceTimersByTime(9_999);
  leases.give(lease, second);
  leases.disconnect(first);
  vi.advanceTimersByTime(60_000);
  expect(lost).toEqual([]);
  leases.disconnect(second);
  vi.advanceTimersByTime(9_999);
  expect(lost).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(lost).toEqual(['1 disconnected']);
});

test('a trainer that reports in time does not stall, and one that stops does', () => {
  const lease = begin(connected(), 500);
  for (let n = 0; n < 10; n += 1) {
    vi.advanceTimersByTime(499);
    leases.report(lease, { progress: n / 10 }, AT);
  }
  expect(lost).toEqual([]);
  vi.advanceTimersByTime(500);
  expect(lost).toEqual(['1 stalled']);
});

test('a trainer that is not connected cannot stall, and a report does not resume', () => {
  const trainer = connected();
  const lease = begin(trainer, 500);
  leases.disconnect(trainer);
  vi.advanceTimersByTime(9_000);
  leases.report(lease, { progress: 0.5 }, AT);
  vi.advanceTimersByTime(1_000);
  expect(lost).toEqual(['1 disconnected']);
});

test('a trainer that resumes stalls as before', () => {
  const trainer = connected();
  const lease = begin(trainer, 500);
  leases.disconnect(trainer);
  vi.advanceTimersByTime(5_000);
  leases.give(lease, connected());
  vi.advanceTimersByTime(499);
  expect(lost).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(lost).toEqual(['1 stalled']);
});

test('the lease of an earlier daemon waits 10 s to be resumed, and then stalls as it did there', () => {
  leases.adopt(recorded(4, 500));
  expect(leases.get(ID)).toMatchObject({ token: 4, connection: null, holder: { name: 'lora', pid: 7 } });
  vi.advanceTimersByTime(9_999);
  leases.give(leases.require(recorded(4), 4), connected());
  vi.advanceTimersByTime(500);
  expect(lost).toEqual(['4 stalled']);
});

test('what an earlier daemon wrote down without a lease is none', () => {
  leases.adopt(PROJECT);
  leases.adopt({ ...PROJECT, training_status: 'training' });
  leases.adopt({ ...recorded(4), training_status: 'failed' });
  expect(leases.isFree(ID)).toBe(true);
});

test('a loss that could not be written down is told again after the same time', () => {
  const trainer = connected();
  const lease = begin(trainer);
  leases.disconnect(trainer);
  vi.advanceTimersByTime(10_000);
  leases.watch(lease);
  vi.advanceTimersByTime(9_999);
  expect(lost).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(lost).toEqual(['1 disconnected', '1 disconnected']);
  leases.end(lease);
  leases.watch(lease);
  vi.advanceTimersByTime(60_000);
  expect(lost).toHaveLength(2);
});

test('a lease that has ended, was taken by force, or whose daemon drains is not lost any more', () => {
  const trainer = connected();
  leases.end(begin(trainer, 500));
  expect(freed).toBeGreaterThan(0);
  const second = begin(trainer, 500);
  const third = begin(trainer, undefined, true);
  expect([second.token, third.token]).toEqual([2, 3]);
  // The second does not take the third with it.
  leases.end(second);
  expect(leases.get(ID)).toBe(third);
  leases.close();
  leases.disconnect(trainer);
  vi.advanceTimersByTime(60_000);
  expect(lost).toEqual([]);
});

test('a token given once is not given again, whatever the file says', () => {
  for (const token of [1, 2, 3]) {
    const lease = begin(connected());
    expect(lease.token).toBe(token);
    leases.end(lease);
  }
});

test('a project that is reserved is not free, and is free again when the change failed', () => {
  const change = newChange();
  leases.reserve(change, PROJECT, false, AT_FIRST);
  expect(leases.isFree(ID)).toBe(false);
  expect(() => leases.reserve(newChange(), PROJECT, true, AT_FIRST)).toThrow(/is training it/);
  expect(leases.reserve(change, PROJECT, false, AT_FIRST)).toBe(1);
  leases.settle(change);
  expect(leases.isFree(ID)).toBe(true);
  expect(freed).toBe(1);
});
