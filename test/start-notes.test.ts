import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { noteStart } from '../src/start-notes.ts';

const lines: string[] = [];
const never = vi.fn();

beforeEach(() => {
  lines.length = 0;
  never.mockClear();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] });
});

afterEach(() => void vi.useRealTimers());

const start = () => noteStart((line) => void lines.push(line), never);

test('a usual start says nothing', () => {
  const isUp = start();
  vi.advanceTimersByTime(499);
  isUp();
  vi.advanceTimersByTime(10_000);
  expect(lines).toEqual([]);
});

test('one that takes its time says so twice a second, until it is up', () => {
  const isUp = start();
  vi.advanceTimersByTime(2_000);
  isUp();
  vi.advanceTimersByTime(10_000);
  expect(lines).toHaveLength(4);
  for (const line of lines)
    expect(line).toMatch(new RegExp(`^# 20\\S+Z process ${process.pid} is still starting\n$`));
});

test('one that never ends is given up after five minutes', () => {
  start();
  vi.advanceTimersByTime(299_900);
  expect(never).not.toHaveBeenCalled();
  vi.advanceTimersByTime(600_000);
  expect(never.mock.calls).toEqual([['it has not come up within 300 s']]);
  expect(lines).toHaveLength(600);
});
