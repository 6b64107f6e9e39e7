import { describe, expect, test } from 'vitest';
import { MAX_NAME_LENGTH, nameFault } from '../../../src/domain/values/names.ts';
import { namesFor } from '../../../client/cli/scan/names.ts';

describe('names for many codebases', () => {
  test.each<[string, string[], string[], string[]]>([
    ['are those of the directories', ['/s/api', '/s/web'], [], ['api', 'web']],
    [
      'that are equal have the one around before them',
      ['/s/work/api', '/s/oss/api'],
      [],
      ['work-api', 'oss-api'],
    ],
    ['are told apart as the registry does, by no case', ['/s/a/API', '/s/b/api'], [], ['a-API', 'b-api']],
    ['go up until they differ', ['/x/w/api', '/y/w/api', '/z/o/api'], [], ['x-w-api', 'y-w-api', 'o-api']],
    ['that are taken are not taken again', ['/s/work/api'], ['Api'], ['work-api']],
    ['that are taken also with the directory around', ['/s/work/api'], ['api', 'work-api'], ['s-work-api']],
    ['become those that a project may have', ['/s/a:b', '/s/x\ny'], [], ['a-b', 'x-y']],
    [
      'that nothing around tells apart are numbered',
      ['/s/x/a:b', '/s/x/a*b', '/s/x/A-b', '/s/w'],
      [],
      ['a-b', 'a-b-2', 'a-b-3', 'w'],
    ],
    ['that stay equal to the top are numbered', ['/a:/b', '/a-/b', '/c'], ['b'], ['a--b', 'a--b-2', 'c']],
    ['are found for what has none', ['/', '/ '], [], ['project', 'project-2']],
  ])('%s', (_, paths, taken, expected) => {
    expect(namesFor(paths, taken)).toEqual(expected);
  });

  test('are never longer than a name may be, and keep what is nearest', () => {
    const long = 'x'.repeat(200);
    const names = namesFor([`/${long}1/${long}/api`, `/${long}2/${long}/api`], ['api']);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(nameFault(name)).toBeNull();
    expect(Array.from(names[0] ?? '').length).toBe(MAX_NAME_LENGTH);
  });
});
