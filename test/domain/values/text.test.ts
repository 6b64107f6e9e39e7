import { expect, test } from 'vitest';
import { cutStart, cutText, mendJson } from '../../../src/domain/values/text.ts';

test.each([
  ['payments', 8, 'payments', 'payments'],
  ['payments', 3, 'pay', 'nts'],
  ['🌱x🌱', 1, '', ''],
  ['🌱x🌱', 2, '🌱', '🌱'],
  ['🌱x🌱', 4, '🌱x', 'x🌱'],
  // The first and the last characters of two units, and what stands right beside those units.
  ['\u{10000}x\u{10000}', 1, '', ''],
  ['\u{10ffff}x\u{10ffff}', 1, '', ''],
  ['\ud7ffx\uffff', 1, '\ud7ff', '\uffff'],
  ['\ue000x\ud7ff', 1, '\ue000', '\ud7ff'],
  ['payments', 0, '', ''],
  // What fits is not looked at.
  ['🌱', 2, '🌱', '🌱'],
  ['\ud83c', 1, '\ud83c', '\ud83c'],
  ['\udf31', 1, '\udf31', '\udf31'],
  ['pay', 5, 'pay', 'pay'],
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
