import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withProgress } from '../../../client/cli/terminal/progress.ts';

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'performance'] }),
);
afterEach(() => void vi.useRealTimers());

const after = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What is written while work goes on for so long. */
async function written(isTTY: boolean, work: () => Promise<unknown>, env = {}): Promise<string[]> {
  const lines: string[] = [];
  const stderr = { isTTY, write: (text: string) => void lines.push(text) };
  const done = withProgress({ stderr, env }, () => 'counting', work).catch(() => undefined);
  await vi.runAllTimersAsync();
  await done;
  return lines;
}

test('what is done soon shows nothing', async () => {
  expect(await written(true, () => after(400))).toEqual([]);
});

test('what takes long shows how far it is, and leaves nothing behind', async () => {
  const lines = await written(true, () => after(750));
  expect(lines).toEqual(['\r\u001b[Kcounting', '\r\u001b[Kcounting', '\r\u001b[Kcounting', '\r\u001b[K']);
});

test('a failure leaves nothing behind either', async () => {
  const lines = await written(true, () => after(600).then(() => Promise.reject(new Error('no'))));
  expect(lines.at(-1)).toBe('\r\u001b[K');
});

test('where nobody looks, or nothing can be drawn again, nothing is shown', async () => {
  expect(await written(false, () => after(5_000))).toEqual([]);
  expect(await written(true, () => after(5_000), { TERM: 'dumb' })).toEqual([]);
});
