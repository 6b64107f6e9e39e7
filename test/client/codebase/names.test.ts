import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameFor, sameName } from '../../../client/codebase/names.ts';
import { statusArgument, wholeNumber } from '../../../client/cli/option-values.ts';
import { TRAINING_STATUSES } from '../../../src/domain/project.ts';
import { cleanName, foldName, nameFault } from '../../../src/domain/values/names.ts';

test.each([
  ['/home/ada/src/payments', 'payments'],
  ['/home/ada/src/payments/', 'payments'],
  ['/srv/cafe\u0301', 'café'],
  ['/srv/a:b*c', 'a-b-c'],
  ['/srv/ spaces ', 'spaces'],
  ['/srv/new\nline', 'new-line'],
  ['/', ''],
  [`/${'日'.repeat(300)}`, '日'.repeat(255)],
])('the name for %j is %j', (directory, name) => {
  expect(nameFor(directory)).toBe(name);
});

test('the registry accepts the name of any directory, unless nothing is left of it', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 300 }));
  fc.assert(
    fc.property(text, (name) => {
      const found = nameFor(`/srv/${name}`);
      expect(nameFault(cleanName(found))).toBe(found === '' ? 'the name is empty' : null);
    }),
  );
});

test('two names are the same here when they are for the registry', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'A', 'é', 'e\u0301', 'ß', 'İ', ' ') });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(sameName(a, b)).toBe(foldName(cleanName(a)) === foldName(cleanName(b)));
    }),
  );
});

test('every status can be given, as people write it too', () => {
  for (const status of TRAINING_STATUSES) expect(statusArgument(status)).toBe(status);
  expect(statusArgument('Not-Started')).toBe('not_started');
  expect(() => statusArgument('toString')).toThrow('it is one of');
});

test('a number of files is a whole number', () => {
  expect([wholeNumber('0'), wholeNumber('412')]).toEqual([0, 412]);
  for (const text of ['', '-1', '1.5', '1e3', ' 7', '99999999999999999999', 'x']) {
    expect(() => wholeNumber(text)).toThrow('whole number');
  }
});
