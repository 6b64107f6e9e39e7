import { describe, expect, test } from 'vitest';
import { jsonObject } from '../../../src/domain/values/schema.ts';

describe('an object of any JSON', () => {
  test('stays as it came, also with a field named __proto__', () => {
    const value: unknown = JSON.parse('{"__proto__":{"a":1},"b":[null]}');
    expect(jsonObject.parse(value)).toBe(value);
    expect(jsonObject.parse({})).toEqual({});
  });

  test.each([[[]], [[{}]], [null], ['{}'], [''], [0], [true], [undefined]])('is not %j', (value) => {
    const issues = jsonObject.safeParse(value).error?.issues;
    expect(issues).toMatchObject([{ path: [], message: 'must be an object' }]);
  });
});
