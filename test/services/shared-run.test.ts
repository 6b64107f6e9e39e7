import { expect, test } from 'vitest';
import { sharedRun } from '../../src/services/shared-run.ts';

/** Runs that end when the test says so, each with its number. */
function controlled(): { ask: () => Promise<number>; end: (error?: Error) => void; begun: () => number } {
  let count = 0;
  let settle: (error?: Error) => void = () => undefined;
  const ask = sharedRun(() => {
    count += 1;
    const number = count;
    return new Promise<number>((resolve, reject) => {
      settle = (error) => (error ? reject(error) : resolve(number));
    });
  });
  return { ask, end: (error) => settle(error), begun: () => count };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a question while nothing runs starts a run', async () => {
  const { ask, end } = controlled();
  const first = ask();
  end();
  expect(await first).toBe(1);
  const second = ask();
  end();
  expect(await second).toBe(2);
});

test('questions during a run share the next one, which begins after them', async () => {
  const { ask, end, begun } = controlled();
  const first = ask();
  const others = [ask(), ask(), ask()];
  await turn();
  expect(begun()).toBe(1);
  end();
  expect(await first).toBe(1);
  await turn();
  // Asked during the second run: that one began too early for it.
  const last = ask();
  end();
  expect(await Promise.all(others)).toEqual([2, 2, 2]);
  await turn();
  end();
  expect(await last).toBe(3);
  expect(begun()).toBe(3);
});

test('a run that fails fails for those who shared it, and for nobody else', async () => {
  const { ask, end } = controlled();
  const first = ask();
  const next = ask();
  end(new Error('broken'));
  await expect(first).rejects.toThrow('broken');
  await turn();
  end();
  expect(await next).toBe(2);
});
