/** The line below what a trainer prints, as bytes: what is written around those of the trainer. */
import { describe, expect, test } from 'vitest';
import { shownLine } from '../../../client/cli/terminal/gate.ts';
import { LiveLine } from '../../../client/cli/train/process/live-line.ts';

const ERASE = '\r\x1b7\x1b[m\x1b[J\x1b8';
const drawn = (text: string) => `\x1b7\x1b[m\x1b[?7l${text}\x1b[?7h\x1b8`;

function lineOf(text: string | undefined) {
  const line = new LiveLine();
  line.set(text);
  return {
    line,
    prints: (bytes: string) => line.around(Buffer.from(bytes)).toString(),
    refreshed: () => line.refreshed().toString(),
  };
}

describe('the line below what a program prints', () => {
  test('is taken away before it and drawn again after it, in one write', () => {
    const { line, prints, refreshed } = lineOf('40%');
    expect(refreshed()).toBe(drawn('40%'));
    expect(prints('a\n')).toBe(`${ERASE}a\n${drawn('40%')}`);
    line.set('50%');
    expect(refreshed()).toBe(ERASE + drawn('50%'));
    expect(refreshed()).toBe('');
  });

  test.each(['50%|###', '\r60%|####', 'Continue? [y/n] ', 'a\nb', 'a\n\x1b[1A'])(
    'waits until a line is ended: %j',
    (open) => {
      const { line, prints, refreshed } = lineOf('40%');
      expect(prints(open)).toBe(open);
      line.set('50%');
      expect([refreshed(), line.isSeen]).toEqual(['', false]);
      expect(prints('\n')).toBe(`\n${drawn('50%')}`);
    },
  );

  test('takes a line for ended behind which colours are turned off', () => {
    expect(lineOf('40%').prints('\x1b[31ma\n\x1b[0m')).toBe(`\x1b[31ma\n\x1b[0m${drawn('40%')}`);
  });

  test('has what is told aside above it, in a line of its own', () => {
    const { line, prints } = lineOf('40%');
    prints('50%|###');
    expect(line.aside(shownLine('told')).toString()).toBe(`\ntold\n${drawn('40%')}`);
    expect(line.aside(shownLine('more')).toString()).toBe(`${ERASE}more\n${drawn('40%')}`);
  });

  test('is gone when it says nothing any more, and then bytes pass as they are', () => {
    const { line, prints, refreshed } = lineOf('40%');
    refreshed();
    line.set(undefined);
    expect(refreshed()).toBe(ERASE);
    const bytes = Buffer.from([0xff, 0x00, 0x0a]);
    expect(line.around(bytes)).toBe(bytes);
    expect(prints('')).toBe('');
  });

  test('holds nothing that a terminal obeys, whatever a trainer reports', () => {
    const said = lineOf('\x1b]0;title\x07\n').refreshed();
    expect(['\x1b]', '\x07', '\n'].filter((one) => said.includes(one))).toEqual([]);
  });
});
