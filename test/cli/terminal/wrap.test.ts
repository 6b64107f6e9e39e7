import { describe, expect, test } from 'vitest';
import { layFields } from '../../../client/cli/terminal/fields.ts';
import { foldText, layNote, wrapText } from '../../../client/cli/terminal/wrap.ts';

describe('text', () => {
  test('is broken at blanks, and long words stay whole', () => {
    expect(wrapText('one two three four five six', 20)).toEqual(['one two three four', 'five six']);
    expect(wrapText(`see ${'x'.repeat(30)} there`, 20)).toEqual(['see', 'x'.repeat(30), 'there']);
    expect(wrapText('日本語 '.repeat(4).trim(), 20)).toEqual(['日本語 日本語 日本語', '日本語']);
  });

  test('is left alone where there is no width, or next to none', () => {
    expect(wrapText('one two three four five six', undefined)).toHaveLength(1);
    expect(wrapText('one two three four five six', 10)).toHaveLength(1);
  });

  test('is not broken the more often for what lines begin with', () => {
    expect(wrapText('one two three four five six', 25, '- ', '      ')).toEqual([
      '- one two three four five',
      '    six',
    ]);
    expect(wrapText('one two three four', 20, '      ')).toEqual(['    one two three', '    four']);
  });

  test('has something before its first line, and something else before the others', () => {
    expect(wrapText('one two three four five six', 24, 'try: ', '  ')).toEqual([
      'try: one two three four',
      '  five six',
    ]);
  });

  test('keeps the blanks that it begins with and those between words, and has none at the ends of lines', () => {
    expect(wrapText('    one  two three four five six', 22)).toEqual(['    one  two three', 'four five six']);
    expect(wrapText('one two three four  five', 20)).toEqual(['one two three four', 'five']);
  });

  test('has as many columns with colours as without', () => {
    const red = (text: string) => `\x1b[31m${text}\x1b[39m`;
    expect(wrapText(red('one two three four five six'), 22, red('- '), '  ')).toEqual([
      `${red('- ')}\x1b[31mone two three four`,
      '  five six\x1b[39m',
    ]);
  });
});

test('a note fits, and a command in it can be copied', () => {
  expect(layNote('note: the tags of it stay as they are; to change them: gardener edit a', 40)).toEqual([
    'note: the tags of it stay as they are;',
    '  to change them: gardener edit a',
  ]);
  expect(layNote('  note: to change all of them: gardener edit a --tag b c --language elm', 40)).toEqual([
    '  note: to change all of them:',
    '    gardener edit a --tag b c --language elm',
  ]);
  const command = 'try: gardener doctor, which says what is in the way';
  expect(layNote(command, 40)).toEqual([command]);
  expect(layNote('one two three four five six', undefined)).toHaveLength(1);
});

test('text is folded into what there is room for, and says so where that is not all', () => {
  expect(foldText(`see ${'x'.repeat(30)} there`, 20)).toEqual([
    'see',
    'x'.repeat(20),
    'x'.repeat(10),
    'there',
  ]);
  expect(foldText('日本語', 5)).toEqual(['日本', '語']);
  expect(foldText('日', 1)).toEqual(['…']);
  expect(foldText('one two three four five six', 20, 2)).toEqual(['one two three four', 'five six']);
  expect(foldText('one two three four five six', 20, 1)).toEqual(['one two three four …']);
});

test('values stand beside their labels, however many lines they have', () => {
  const fields = [
    ['id', '17'],
    ['nothing', undefined],
    ['empty', []],
    ['error', ['exit code 1', '  one two three four five six']],
  ] as const;
  const plain = (_style: string, text: string) => text;
  expect(layFields(fields, plain, { indent: '  ', columns: 30 })).toEqual([
    '  id     17',
    '  error  exit code 1',
    '           one two three four',
    '         five six',
  ]);
});
