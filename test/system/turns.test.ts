import { expect, test } from 'vitest';
import { Turns } from '../../src/system/turns.ts';

function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test('a turn is over when enough time was spent, however few things were done', async () => {
  const turns = new Turns();
  expect(turns.isOver).toBe(false);
  work(11);
  expect(turns.isOver).toBe(true);
  await turns.next();
  work(11);
  expect(turns.isOver).toBe(true);
});

test('a turn that nobody waits for ends with the turn of the event loop', async () => {
  const turns = new Turns();
  expect(turns.isOver).toBe(false);
  work(11);
  await nextTurn();
  await nextTurn();
  expect(turns.isOver).toBe(false);
});

test('whoever waits goes on in the order in which they asked, one in a turn', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const waiting = ['a', 'b', 'c'].map((name) => turns.next().then(() => void seen.push(name)));
  const loop = async (): Promise<void> => {
    while (seen.filter((name) => name !== 'loop').length < 3) {
      seen.push('loop');
      await nextTurn();
    }
  };
  await Promise.all([...waiting, loop()]);
  expect(seen.filter((name) => name !== 'loop')).toEqual(['a', 'b', 'c']);
  // Others had the loop between two of them.
  expect(seen.join(' ')).toMatch(/a loop b loop c/);
});
