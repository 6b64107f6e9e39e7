import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { doWithout, isSameJson, jsonFault, putAt } from '../../../src/domain/values/json.ts';

const HALF = '\ud800';
const IS_HALF = 'contains half a surrogate pair';
const IS_DEEP = 'is nested too deep';
const IS_GREAT = 'is too great for a number';

describe('the first fault of a value', () => {
  test.each<[string, unknown, (string | number)[], string]>([
    ['half a character', HALF, [], IS_HALF],
    ['a number that JSON has not', { a: [0, -Infinity] }, ['a', 1], IS_GREAT],
    ['half a character in a list', { list: ['a', { b: HALF }] }, ['list', 1, 'b'], IS_HALF],
    ['half a character in a key', { good: 1, [HALF]: 1 }, [HALF], IS_HALF],
    ['half a character in a key further in', [{}, { [HALF]: 1 }], [1, HALF], IS_HALF],
    ['an object that is too deep', { a: { b: { c: {} } } }, ['a', 'b', 'c'], IS_DEEP],
    ['a list that is too deep', [[0, [[]]]], [0, 1, 0], IS_DEEP],
    ['only the first of several', { a: 1, b: HALF, c: Infinity }, ['b'], IS_HALF],
  ])('is %s, with its place', (_what, value, path, message) => {
    expect(jsonFault(value, 3)).toEqual({ path, message });
  });

  test.each<[unknown]>([
    [null],
    ['🌱'],
    [1e308],
    [false],
    [{ a: { b: { c: null, d: 'text', e: true, f: 1, g: undefined } } }],
    [[[[null, 'text', true, 1]]]],
    [{ a: [], b: {}, c: [{}, []] }],
  ])('%j has none', (value) => {
    expect(jsonFault(value, 3)).toBeNull();
  });
});

test('whatever has a fault is done without, and the rest has none', () => {
  const holder = {
    text: HALF,
    list: [1, Infinity, [[[]]]],
    [HALF]: 1,
    deep: { [HALF]: {}, good: { x: null, y: 'z' } },
  };
  const faults = doWithout(holder, 3);
  expect(faults.map(({ path, message }) => [path.join('.'), message])).toEqual([
    ['text', IS_HALF],
    ['list.1', IS_GREAT],
    ['list.2.0', IS_DEEP],
    [HALF, IS_HALF],
    [`deep.${HALF}`, IS_HALF],
  ]);
  expect(faults[1]?.path).toEqual(['list', 1]);
  expect(holder).toEqual({ text: null, list: [1, null, [null]], deep: { good: { x: null, y: 'z' } } });
  expect(jsonFault(holder, 3)).toBeNull();
  expect(doWithout(holder, 3)).toEqual([]);
});

describe('two values say', () => {
  test.each<[unknown, unknown]>([
    [
      { a: 1, b: { c: [1, null], d: 2 } },
      { b: { d: 2, c: [1, null] }, a: 1 },
    ],
    [{ a: 1, b: undefined }, { a: 1 }],
    [{ a: undefined }, { b: undefined }],
    [[], []],
    [null, null],
    ['a', 'a'],
  ])('the same: %j and %j', (a, b) => {
    expect([isSameJson(a, b), isSameJson(b, a)]).toEqual([true, true]);
  });

  test.each<[unknown, unknown]>([
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { b: 1 }],
    [{ a: 1 }, { a: 1, b: null }],
    [{ a: null }, { a: undefined }],
    [{ a: undefined, b: 1 }, { a: 1 }],
    [{ toString: undefined, a: 1 }, { a: 2 }],
    [
      [1, 2],
      [2, 1],
    ],
    [[1], [1, 1]],
    [[], {}],
    [['a'], { 0: 'a' }],
    [{}, null],
    [{}, ''],
    ['1', 1],
    [0, false],
  ])('something else: %j and %j', (a, b) => {
    expect([isSameJson(a, b), isSameJson(b, a)]).toEqual([false, false]);
  });

  test('the same as themselves, however they come', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(isSameJson(value, structuredClone(value))).toBe(true);
      }),
    );
  });
});

test.each(['a', '__proto__', 'constructor'])('a field named %s is set as reading it would set it', (key) => {
  const object = {};
  putAt(object, key, [1]);
  const read: unknown = JSON.parse(`{${JSON.stringify(key)}:[1]}`);
  expect(Object.getOwnPropertyDescriptors(object)).toEqual(Object.getOwnPropertyDescriptors(read));
});
