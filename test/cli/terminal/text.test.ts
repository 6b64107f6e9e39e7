import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  anyOf,
  duration,
  localTime,
  plural,
  printable,
  projectReference,
  relativeTime,
  operands,
  shellWord,
  thousands,
  timeLeft,
  tilde,
  tildes,
} from '../../../client/cli/terminal/text.ts';
import { requireTools } from '../../support/tools.ts';

const NOW = Date.parse('2026-05-10T12:00:00.000Z');

describe('a time is told as', () => {
  test.each([
    ['2026-05-10T11:59:31.000Z', 'just now'],
    ['2026-05-10T11:55:00.000Z', '5 min ago'],
    ['2026-05-10T09:00:00.000Z', '3 h ago'],
    ['2026-05-09T11:00:00.000Z', '1 day ago'],
    ['2026-05-04T11:00:00.000Z', '6 days ago'],
    ['2026-04-25T11:00:00.000Z', '2 weeks ago'],
    ['2025-11-01T11:00:00.000Z', '6 months ago'],
    ['2020-01-01T00:00:00.000Z', '6 years ago'],
    ['2026-05-10T12:00:20.000Z', 'just now'],
    ['2026-05-12T12:00:00.000Z', 'in 2 days'],
    ['whenever', 'whenever'],
  ])('%s: %s', (timestamp, words) => {
    expect(relativeTime(timestamp, NOW)).toBe(words);
  });
});

test('what is no time is shown as far as it can be, and no longer than one', () => {
  expect(relativeTime('\x1b[2J', NOW)).toBe('\\x1b[2J');
  expect(localTime('no time, '.repeat(9))).toBe('no time, no time, no ti…');
});

test('a duration has its largest unit', () => {
  expect([0.4, 59, 60, 7_300, 200_000].map(duration)).toEqual(['0 s', '59 s', '1 min', '2 h', '2 days']);
});

test('what is left is told no more exactly than anybody knows it', () => {
  expect([0, 44, 45, 89, 90, 1_700, 5_400].map(timeLeft)).toEqual([
    'seconds',
    'seconds',
    'a minute',
    'a minute',
    '2 min',
    '28 min',
    '1 h',
  ]);
});

test('numbers and words agree', () => {
  expect([0, 7, 1_000, 1_234_567].map(thousands)).toEqual(['0', '7', '1,000', '1,234,567']);
  expect([plural(1, 'file'), plural(0, 'file'), plural(12_345, 'file')]).toEqual([
    '1 file',
    '0 files',
    '12,345 files',
  ]);
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(anyOf)).toEqual(['', 'a', 'a or b', 'a, b or c']);
});

test('the home directory is ~, and nothing else is', () => {
  const paths = ['/home/ada', '/home/ada/src', '/home/adam', '/src/home/ada'];
  expect(paths.map((path) => tilde(path, '/home/ada'))).toEqual([
    '~',
    '~/src',
    '/home/adam',
    '/src/home/ada',
  ]);
  expect(tilde('/src', '/')).toBe('/src');
});

test('what would confuse a terminal is made visible', () => {
  expect(printable('a\u001b[31mb\nc\u0085')).toBe('a\\x1b[31mb\\nc\\x85');
  expect(printable('\u202egnp.exe')).toBe('\\u202egnp.exe');
  expect(printable('\u061ca\u200eb\u200f\u2066\u2028\u2029\x7f\t')).toBe(
    '\\u061ca\\u200eb\\u200f\\u2066\\u2028\\u2029\\x7f\\t',
  );
  expect(printable('half \ud83c')).toBe('half \\ud83c');
  expect(printable('日本語 🌱 é')).toBe('日本語 🌱 é');
});

describe('a project named', () => {
  const cwd = () => '/home/ada/src';
  test.each([
    ['payments', 'payments'],
    ['0b7f6a52-6d4c-4f5e-9a6e-1c2d3e4f5a6b', '0b7f6a52-6d4c-4f5e-9a6e-1c2d3e4f5a6b'],
    ['.', '/home/ada/src'],
    ['..', '/home/ada'],
    ['./api/', '/home/ada/src/api'],
    ['api/server', '/home/ada/src/api/server'],
    ['~', '/home/ada'],
    ['~/work', '/home/ada/work'],
    ['/srv/../api', '/api'],
    ['.hidden', '.hidden'],
  ])('%j is %j for the daemon', (text, reference) => {
    expect(projectReference(text, cwd, '/home/ada')).toBe(reference);
  });

  test('by an absolute path needs no working directory', () => {
    const gone = () => expect.unreachable('asked for the working directory');
    expect(projectReference('/srv/api', gone, '/home/ada')).toBe('/srv/api');
  });
});

test('words that end a command are no flags', () => {
  expect(operands('payments', 'a b')).toBe("payments 'a b'");
  expect(operands('a b', '-x')).toBe("-- 'a b' '-x'");
});

test('a word for a shell is quoted where it has to be', () => {
  expect(['payments', '日本語', "it's", 'a b', '', '-x', '$HOME'].map(shellWord)).toEqual([
    'payments',
    '日本語',
    "'it'\\''s'",
    "'a b'",
    "''",
    "'-x'",
    "'$HOME'",
  ]);
});

test('a word for a shell that cannot be shown is written with escapes, which bash reads as the word', async (context) => {
  requireTools(context, 'bash');
  const word = `it's a \\ \x1b[2J\r\n\t\x7f\u0085\u009b31m\u202eabc\u2028é`;
  const written = shellWord(word);
  expect(printable(written)).toBe(written);
  const { stdout } = await promisify(execFile)('bash', ['-c', `printf %s ${written}`], {});
  expect(stdout).toBe(word);
});

test('a message has ~ in every path that is below the home directory', () => {
  const home = '/home/ada (1)';
  const said = `cannot use ${home}/a: "${home}/b" and ${home}, but ${home}m/c, /mnt${home}/d`;
  expect(tildes(said, home)).toBe(`cannot use ~/a: "~/b" and ~, but ${home}m/c, /mnt${home}/d`);
  expect(tildes('cannot read /x', '/')).toBe('cannot read /x');
});
