import { expect, test } from 'vitest';
import { z } from 'zod';
import { issueText } from '../../../src/domain/values/issue-text.ts';

test.each<[string, z.ZodType, unknown, string]>([
  ['what is not there', z.string(), undefined, 'is missing'],
  ['a text with nothing in it', z.string().min(1), '', 'is empty'],
  ['a text that is too short', z.string().min(3), 'ab', 'too small: expected string to have >=3 characters'],
  ['a list that is too short', z.array(z.string()).min(1), [], 'too small: expected array to have >=1 items'],
  ['a number that is too small', z.int().min(1), 0, 'too small: expected number to be >=1'],
  ['a value of another type', z.string(), null, 'invalid input: expected string, received null'],
  ['what another rule says', z.string().regex(/^A/, 'Must begin with A'), 'B', 'must begin with A'],
])('%s, in words that go on behind its place', (_what, schema, value, words) => {
  expect(schema.safeParse(value).error?.issues.map(issueText)).toEqual([words]);
});
