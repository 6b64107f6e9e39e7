/** How far a training is, in a line that fits. */
import { describe, expect, test } from 'vitest';
import { textWidth } from '../../../client/cli/terminal/width.ts';
import { numberWords } from '../../../client/cli/train/summary.ts';
import { progressLine, tookWords } from '../../../client/cli/train/progress-words.ts';

const STANDING = {
  name: 'lora-trainer',
  progress: 0.61,
  phase: 'training',
  message: 'epoch 2, loss 0.204',
  elapsed: 192.4,
  left: 125,
};
const plainly = (_style: string, text: string): string => text;
const at = (columns: number, more: object = {}) => progressLine({ ...STANDING, ...more }, columns, plainly);

describe('the line of progress', () => {
  test.each([
    [100, '████████████░░░░░░░░  61%  training: epoch 2, loss 0.204     3:12, about 2:05 left'],
    [80, '██████░░░░  61%  training: epoch 2, loss 0.204     3:12, about 2:05 left'],
    [65, '61%  training: epoch 2, loss 0.204     3:12, about 2:05 left'],
    [50, '61%  training: epoch 2, loss 0.204     3:12'],
    [40, '61%  training: epoch 2, loss 0.204'],
    [20, '61%  training: epoc…'],
    [3, '61%'],
    [2, '6…'],
  ])('at %s columns loses columns and not letters', (columns, line) => {
    expect(at(columns)).toBe(line);
  });

  test.each([
    [
      { progress: undefined, phase: undefined, message: undefined },
      'training lora-trainer     3:12, about 2:05 left',
    ],
    [{ progress: undefined, left: undefined }, 'training: epoch 2, loss 0.204     3:12'],
    [{ notice: 'asked to end' }, '████████████░░░░░░░░  61%  asked to end     3:12, about 2:05 left'],
    [{ elapsed: 3_792, left: 7_100 }, /61% {2}training: .* {5}1:03:12, about 1 h left$/],
    [{ phase: undefined, message: 'a\nb\x1b[31m' }, /61% {2}a\\nb\\x1b\[31m {5}3:12/],
  ])('says what is known: %j', (more, line) => {
    const said = at(100, more);
    if (typeof line === 'string') expect(said).toBe(line);
    else expect(said).toMatch(line);
  });

  test('is never wider than the terminal', () => {
    for (const message of ['', 'epoch 2', '学習中'.repeat(20), 'x'.repeat(1_000)]) {
      for (let columns = 1; columns <= 200; columns += 1) {
        for (const more of [{ message }, { message, progress: undefined }, { message, left: undefined }])
          expect(textWidth(at(columns, more)), `${columns} ${message}`).toBeLessThanOrEqual(columns);
      }
    }
  });
});

test.each([
  [0.4, '0 s'],
  [17, '17 s'],
  [317.9, '5 min 17 s'],
  [300, '5 min'],
  [7_500, '2 h 5 min'],
  [273_600, '3 days 4 h'],
  [86_401, '1 day'],
])('%s seconds are %s', (seconds, words) => {
  expect(tookWords(seconds)).toBe(words);
});

test.each([
  [12_345.678, '12,346'],
  [1_234_567, '1,234,567'],
  [123.456, '123.5'],
  [0.69123, '0.6912'],
  [-0.5, '-0.5'],
  [0.999_999_99, '1.000'],
  [999.96, '1,000'],
  [0.000_012_346, '0.00001235'],
  [1.5e300, '1.5e+300'],
])('the number %s is told as %s', (number, words) => {
  expect(numberWords(number)).toBe(words);
});
