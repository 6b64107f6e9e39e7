import { expect, test } from 'vitest';
import { doWithout, jsonFault } from '../../../src/domain/values/json.ts';

const HALF = '\ud800';

test('whatever has a fault is done without, and the rest has none', () => {
  const holder = {
    text: HALF,
    list: [1, Infinity, [[[]]]],
    [HALF]: 1,
    deep: { [HALF]: {}, good: { x: null, y: 'z' } },
  };
  const faults = doWithout(holder, 3);
  expect(faults.map(({ path, message }) => [path.join('.'), message])).toEqual([
    ['text', 'contains half a surrogate pair'],
    ['list.1', 'is too great for a number'],
    ['list.2.0', 'is nested too deep'],
    [HALF, 'contains half a surrogate pair'],
    [`deep.${HALF}`, 'contains half a surrogate pair'],
  ]);
  expect(holder).toEqual({ text: null, list: [1, null, [null]], deep: { good: { x: null, y: 'z' } } });
  expect(jsonFault(holder, 3)).toBeNull();
  expect(doWithout(holder, 3)).toEqual([]);
});
