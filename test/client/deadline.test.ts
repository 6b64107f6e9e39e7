/** Time that is up before anybody waits: newer versions of Node warn of a timer that is to fire in the past. */
import { afterEach, expect, test, vi } from 'vitest';
import { inTime } from '../../client/deadline.ts';
import { PendingCalls } from '../../client/pending.ts';

afterEach(() => void vi.restoreAllMocks());

const overdue = () => ({ at: performance.now() - 10, late: () => new Error('too late') });

test.for<[what: string, wait: () => Promise<unknown>]>([
  ['a wait', () => inTime(new Promise(() => undefined), { deadline: overdue() })],
  [
    'a call',
    () =>
      new Promise((_, reject) => {
        new PendingCalls(() => undefined).add(1, 'daemon.ping', { deadline: overdue() }, reject);
      }),
  ],
])('%s whose time is up ends, and sets no timer in the past', async ([, wait]) => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  // The one of a call keeps no process alive by itself.
  const awake = setInterval(() => undefined, 1_000);
  await expect(wait()).rejects.toThrow('too late');
  clearInterval(awake);
  expect(timers).toHaveBeenCalled();
  for (const [, ms] of timers.mock.calls) expect(ms).toBeGreaterThanOrEqual(0);
});
