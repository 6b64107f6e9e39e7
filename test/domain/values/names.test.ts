import { describe, expect, test } from 'vitest';
import { cleanName, foldName, MAX_NAME_LENGTH, nameFault } from '../../../src/domain/values/names.ts';

/** Why a name, as a person gives it, cannot be used. */
const faultOf = (name: string): string | null => nameFault(cleanName(name));

describe('a name', () => {
  test.each([
    'a',
    'Payments API',
    'web.frontend',
    'naïve-café',
    '日本語プロジェクト',
    '🌱🌱',
    "it's (a) [spike] & more; 100%",
    '__proto__',
    'constructor',
    '..',
    '~',
    'x'.repeat(255),
    // Code points count, not UTF-16 units: these are 510.
    '🌱'.repeat(255),
    // Composed by NFC, these are 255.
    'e\u0301'.repeat(255),
    // Not visible, and no control characters.
    'a\u200db',
    '\u00a0a',
  ])('may be %j', (name) => {
    expect(faultOf(name)).toBeNull();
  });

  test.each([
    ['', 'empty'],
    [' \t\n ', 'empty'],
    ['\u00a0', 'empty'],
    ['x'.repeat(256), '256 characters and 255'],
    ['🌱'.repeat(256), '256 characters'],
    ...Array.from('<>:"/\\|?*', (character) => [`a${character}b`, `contains ${character}`]),
    ['a\u0000b', 'control'],
    ['a\tb', 'control'],
    ['a\u001fb', 'control'],
    ['a\u007fb', 'control'],
    ['a\u0080b', 'control'],
    ['a\u009fb', 'control'],
    ['a\ud800b', 'surrogate'],
  ])('cannot be %j', (name, why) => {
    expect(faultOf(name)).toContain(why);
  });

  test('is trimmed and composed', () => {
    expect(cleanName('  cafe\u0301\n')).toBe('caf\u00e9');
    // Composing must not bring back spaces: these become one each.
    expect(cleanName('\u2000a\u2001')).toBe('a');
  });

  test('is composed of no more than it can come of: to compose a text of any length may take minutes', () => {
    const [longest, longer] = [
      'e\u0301'.repeat(4 * MAX_NAME_LENGTH),
      'e\u0301'.repeat(4 * MAX_NAME_LENGTH + 1),
    ];
    expect(cleanName(longest)).toBe('é'.repeat(4 * MAX_NAME_LENGTH));
    expect([cleanName(longer), foldName(longer)]).toEqual([longer, longer]);
  });

  test('is cleaned once and for all', () => {
    for (const name of ['  a ', 'e\u0301', '\u1e9b\u0323', 'ﬁ', '\u2126', '\ufeffx']) {
      expect(cleanName(cleanName(name))).toBe(cleanName(name));
    }
  });
});

describe('names are the same', () => {
  test.each([
    ['API', 'api'],
    ['CAFÉ', 'cafe\u0301'],
    ['ÜNÏCODE', 'ünïcode'],
    ['ПРИВЕТ', 'привет'],
  ])('%j and %j', (one, other) => {
    expect(foldName(one)).toBe(foldName(other));
  });

  test.each([
    ['api', 'api2'],
    ['cafe', 'café'],
    ['a b', 'a  b'],
  ])('but not %j and %j', (one, other) => {
    expect(foldName(one)).not.toBe(foldName(other));
  });
});
