/** Questions to a disk that may not answer. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Lane, NoAnswerError, PATIENCE_MS } from '../../src/services/lane.ts';

// Also the clock that the lane reads; the timers are what is tested.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** A question that is answered when the test says so. */
function held(): { ask: () => Promise<string>; answer: (text: string) => void; asked: () => number } {
  let asked = 0;
  let answer: (text: string) => void = () => undefined;
  const answered = new Promise<string>((resolve) => {
    answer = resolve;
  });
  return {
    ask() {
      asked += 1;
      return answered;
    },
    answer: (text) => answer(text),
    asked: () => asked,
  };
}

/** What has become of a question. */
async function outcome(question: Promise<string>): Promise<string> {
  return await question.catch((error: unknown) => {
    if (error instanceof NoAnswerError) return error.message;
    throw error;
  });
}

/** Lets time pass, and what follows from it happen. */
async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

test('one is asked after the other, in order', async () => {
  const lane = new Lane();
  const [first, second] = [held(), held()];
  const answers = [lane.ask(first.ask), lane.ask(second.ask)];
  expect([first.asked(), second.asked()]).toEqual([1, 0]);
  first.answer('1');
  expect(await answers[0]).toBe('1');
  await pass(0);
  expect(second.asked()).toBe(1);
  second.answer('2');
  expect(await answers[1]).toBe('2');
});

test('an error is the answer, and the next one is asked', async () => {
  const lane = new Lane();
  await expect(lane.ask(() => Promise.reject(new Error('EACCES')))).rejects.toThrow('EACCES');
  expect(await lane.ask(() => Promise.resolve('next'))).toBe('next');
});

test('a long queue at a disk that answers is no disk that does not', async () => {
  const lane = new Lane();
  const questions = Array.from({ length: 10 }, held);
  const answers = questions.map(({ ask }) => outcome(lane.ask(ask)));
  for (const [n, { answer }] of questions.entries()) {
    await pass(PATIENCE_MS - 500);
    answer(`${n}`);
    await pass(0);
  }
  expect(await Promise.all(answers)).toEqual(questions.map((_, n) => `${n}`));
});

test('nobody waits longer than two seconds, and who comes later not at all, until it answers', async () => {
  const lane = new Lane();
  const [stuck, behind, later] = [held(), held(), held()];
  const waiting = [outcome(lane.ask(stuck.ask)), outcome(lane.ask(behind.ask))];
  await pass(PATIENCE_MS);
  expect(await Promise.all(waiting)).toEqual([
    'its disk does not answer',
    'another disk, which was asked before, does not answer',
  ]);
  expect(await outcome(lane.ask(later.ask))).toBe('another disk, which was asked before, does not answer');
  expect([stuck.asked(), behind.asked(), later.asked()]).toEqual([1, 0, 0]);
  stuck.answer('at last');
  await pass(0);
  expect(await lane.ask(() => Promise.resolve('as before'))).toBe('as before');
});

test('whoever has less time is answered in less', async () => {
  const lane = new Lane();
  const slow = held();
  const waiting = outcome(lane.ask(slow.ask, 100));
  await pass(100);
  expect(await waiting).toBe('its disk does not answer');
  expect(await outcome(lane.ask(() => Promise.resolve('never'), 0))).toMatch('does not answer');
  slow.answer('late');
});
