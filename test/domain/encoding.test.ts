import { expect, test } from 'vitest';
import { etagOf, toWire, wireJson } from '../../src/domain/encoding.ts';
import { project } from '../support/projects.ts';

const one = project(1, { metadata: { note: 'naïve "café" 🌱' }, unknown: { kept: [1] } });

test('a project goes out as it is stored, with its etag last', () => {
  expect(toWire(one)).toEqual({ ...one, etag: etagOf(one) });
  // Twice: what is kept says the same as what was made.
  expect([wireJson(one), wireJson(one)]).toEqual(Array(2).fill(JSON.stringify(toWire(one))));
});

test('an etag is sixteen hexadecimal digits, and another one as soon as anything is another', () => {
  const others = [
    { ...one, name: 'p2' },
    { ...one, unknown: { kept: [2] } },
    { ...one, file_count: 1 },
  ];
  const etags = [one, ...others].map(etagOf);
  for (const etag of etags) expect(etag).toMatch(/^[\da-f]{16}$/);
  expect(new Set(etags).size).toBe(4);
  expect(etagOf({ ...one })).toBe(etagOf(one));
});
