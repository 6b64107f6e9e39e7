import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { cutText, textWidth } from '../../../client/cli/terminal/width.ts';

describe('the width of', () => {
  test.each([
    ['', 0],
    ['payments', 8],
    ['café', 4],
    ['cafe\u0301', 4],
    ['日本語', 6],
    ['한국어', 6],
    ['\u1112\u1161\u11ab', 2],
    ['ｱｲｳ', 3],
    ['！', 2],
    ['привет', 6],
    ['عربى', 4],
    ['नमस्ते', 4],
    ['🌱', 2],
    ['❤️', 2],
    ['❤', 1],
    ['👩‍👩‍👧‍👦', 2],
    ['👍🏽', 2],
    ['🇯🇵🇫🇷', 4],
    ['1️⃣', 2],
    ['🏴󠁧󠁢󠁳󠁣󠁴󠁿', 2],
    ['a\u200bb', 2],
    ['~/src/payments…', 15],
  ])('%j is %i', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });
});

describe('whatever the text is', () => {
  // Texts reach the measure without control characters and halves of surrogate pairs.
  const anyText = fc
    .string({ unit: 'binary', maxLength: 40 })
    .map((text) => text.replace(/[\p{Cc}\p{Cs}]/gu, ''));
  const joined = fc
    .array(
      fc.constantFrom('👩', '\u200d', '🏽', '❤', '\ufe0f', '🇯', '🇵', '1', '\u20e3', 'は', '\u0301', 'a'),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join(''));
  const text = fc.oneof(anyText, joined, fc.string({ unit: 'grapheme' }));

  test('it takes no more room than was counted', () => {
    fc.assert(
      fc.property(text, (one) => {
        expect(textWidth(one)).toBeGreaterThanOrEqual(stringWidth(one.normalize('NFC')));
      }),
      { numRuns: 2_000 },
    );
  });

  test('cut, it fits, and says that something is missing', () => {
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 0, max: 30 }),
        fc.constantFrom('start', 'end'),
        (one, max, side) => {
          const cut = cutText(one, max, side);
          expect(textWidth(cut)).toBeLessThanOrEqual(max);
          expect(stringWidth(cut.normalize('NFC'))).toBeLessThanOrEqual(max);
          if (cut !== one && max > 0) expect(side === 'end' ? cut.at(-1) : cut.at(0)).toBe('…');
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('it stays as it is when it fits', () => {
    fc.assert(
      fc.property(text, (one) => {
        expect(cutText(one, textWidth(one), 'end')).toBe(one);
      }),
    );
  });
});

test('a text is cut from the side that says less, never through a character', () => {
  expect(cutText('/home/ada/src/payments', 14, 'start')).toBe('…/src/payments');
  expect(cutText('a name that is long', 8, 'end')).toBe('a name …');
  expect(cutText('日本語プロジェクト', 6, 'end')).toBe('日本…');
  expect(cutText('日本語プロジェクト', 6, 'start')).toBe('…クト');
  expect(cutText('x👩‍👩‍👧‍👦y', 3, 'end')).toBe('x…');
  expect(cutText('payments', 1, 'end')).toBe('…');
  expect(cutText('payments', 0, 'end')).toBe('');
});
