import { expect, test } from 'vitest';
import { shownColouredLines } from '../../../client/cli/terminal/gate.ts';
import { lastState, withoutEscapes } from '../../../client/cli/terminal/escapes.ts';
import { HOSTILE, obeyed } from '../../support/hostile.ts';

const shownColoured = (line: string): string => shownColouredLines([line]).slice(0, -1);

test('of what a program prints its colours are shown, and end with the line', () => {
  expect(shownColoured('plain')).toBe('plain');
  expect(shownColoured('\x1b[1;38;5;208mhot\x1b[0m')).toBe('\x1b[1;38;5;208mhot\x1b[0m\x1b[m');
  expect(shownColoured('a\x1b]52;c;cm0=\x07b\x1b[6nc\x1bcd\x1b[2Je')).toBe('abcde');
  expect(shownColoured('half an escape \x1b[3')).toBe('half an escape 3');
  // oxlint-disable-next-line no-control-regex -- it is what is looked for
  const without = shownColoured(HOSTILE).replace(/\x1b\[[0-9;]*m/g, '');
  expect(obeyed(without, { colours: false })).toBeUndefined();
});

test('a line shows what was drawn last', () => {
  expect(lastState('1%\r2%\r3%')).toBe('3%');
  expect(lastState('whole\r')).toBe('whole');
  expect(lastState('')).toBe('');
  expect(withoutEscapes('\x1b[32mgreen\x1b[0m')).toBe('green');
});
