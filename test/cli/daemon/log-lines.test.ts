import { describe, expect, test } from 'vitest';
import { prettyLine } from '../../../client/cli/daemon/log-lines.ts';
import { localClock, localDay } from '../../../client/cli/terminal/text.ts';

const TIME = '2026-05-10T12:00:00.042Z';
const DATE = new Date(TIME);
const TODAY = localDay(DATE);

function pretty(line: object | string, today = TODAY): string {
  return prettyLine(typeof line === 'string' ? line : JSON.stringify(line), today, (_style, text) => text);
}

test('a line is time, level, message and fields', () => {
  const line = {
    level: 30,
    time: TIME,
    pid: 7,
    projects: 3,
    reason: 'editor',
    note: 'two words',
    msg: 'started',
  };
  expect(pretty(line)).toBe(
    `${localClock(DATE)}  INFO   started  projects=3  reason=editor  note="two words"`,
  );
});

test('a line of another day has its date', () => {
  const line = pretty({ level: 30, time: DATE.getTime(), msg: 'started' }, '1999-12-31');
  expect(line).toBe(`${TODAY} ${localClock(DATE)}  INFO   started`);
});

describe('the level', () => {
  test.each([
    [10, 'DEBUG'],
    [20, 'DEBUG'],
    [30, 'INFO '],
    [40, 'WARN '],
    [50, 'ERROR'],
    [60, 'ERROR'],
  ])('%i is %s', (level, name) => {
    expect(pretty({ level, time: TIME, msg: 'x' })).toBe(`${localClock(DATE)}  ${name}  x`);
  });
});

test('of an error there is the message, and not the stack', () => {
  const err = { type: 'Error', message: 'no room', stack: 'Error: no room\n    at x' };
  expect(pretty({ level: 50, time: TIME, err, msg: 'cannot write' })).toBe(
    `${localClock(DATE)}  ERROR  cannot write  error="no room"`,
  );
});

test.each(['Error: something crashed', '{"half": ', '[1, 2]', ''])('%j stays as it is', (line) => {
  expect(pretty(line)).toBe(line);
});

test('nothing in a line reaches the terminal as a command', () => {
  expect(pretty({ level: 30, time: TIME, msg: 'x\u001b[2J', path: '/a\u001b' })).not.toMatch(/\p{Cc}/u);
  expect(pretty('raw \u001b[2J')).toBe('raw \\x1b[2J');
});
