/** Time that is up before anybody waits, or while the process itself was held up. */
import { stat } from 'node:fs/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { abortable, deadlineIn, inTime, within } from '../../../client/wire/deadline.ts';
import { PendingCalls } from '../../../client/wire/pending.ts';

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
])(
  '%s whose time is up ends, and sets no timer in the past, of which newer versions of Node warn',
  async ([, wait]) => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    // The one of a call keeps no process alive by itself.
    const awake = setInterval(() => undefined, 1_000);
    await expect(wait()).rejects.toThrow('too late');
    clearInterval(awake);
    expect(timers).toHaveBeenCalled();
    for (const [, ms] of timers.mock.calls) expect(ms).toBeGreaterThanOrEqual(0);
  },
);

/** Holds up everything in this process, as a machine with much else to do may. */
function holdUp(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Goes on where timers come next, and what has been read after them. */
const beforeTimers = () => new Promise((resolve) => setImmediate(resolve));

test('what has come by the time that is looked at the clock is taken', async () => {
  await beforeTimers();
  const late = () => new Error('too late');
  const found = within({ deadline: deadlineIn(20, late) }, (signal) => abortable(stat('/'), signal));
  holdUp(500);
  expect((await found).isDirectory()).toBe(true);
});

test('an answer that has come by then is one', async () => {
  await beforeTimers();
  const deadline = { at: performance.now() + 20, late: () => new Error('too late') };
  const answered = new Promise((resolve, reject) => {
    const calls = new PendingCalls(() => undefined);
    calls.add(1, 'daemon.ping', { deadline }, reject);
    void stat('/').then(() => {
      calls.remove(1);
      resolve('pong');
    });
  });
  holdUp(500);
  expect(await answered).toBe('pong');
});
