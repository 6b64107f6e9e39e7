import { expect, test } from 'vitest';
import { cutStart, cutText, mendJson } from '../../../src/domain/values/text.ts';

test.each([
  ['payments', 8, 'payments', 'payments'],
  ['payments', 3, 'pay', 'nts'],
  ['🌱x🌱', 1, '', ''],
  ['🌱x🌱', 2, '🌱', '🌱'],
  ['🌱x🌱', 4, '🌱x', 'x🌱'],
])('%s cut to %d units begins with %s and ends with %s', (text, units, beginning, end) => {
  expect(cutText(text, units)).toBe(beginning);
  expect(cutStart(text, units)).toBe(end);
});

test.each([
  [String.raw`{"a":"\ud800"}`, { a: '\ufffd' }],
  [String.raw`["x\uDC00\uD83Dx", "\\ud800"]`, ['x\ufffd\ufffdx', String.raw`\ud800`]],
  [String.raw`["\ud83c\udf31", "🌱", "\\\ud83c"]`, ['🌱', '🌱', '\\\ufffd']],
  [String.raw`["\ud83c\ud83c\udf31"]`, ['\ufffd🌱']],
  [String.raw`{"\udf31":{"__proto__":"\ud83c"}}`, JSON.parse('{"\ufffd":{"__proto__":"\ufffd"}}')],
])('%s is mended, in as many characters', (json, value) => {
  expect(JSON.parse(mendJson(json))).toEqual(value);
  expect(mendJson(json)).toHaveLength(json.length);
});
