import { describe, expect, test } from 'vitest';
import { longIds, mayBeRounded, NumberText } from '../../src/protocol/long-ids.ts';

describe('the ids that reading may have changed', () => {
  test.each<[string, string, boolean, [number, string][]]>([
    ['of a request', '{ "id" : 9007199254740993 }', false, [[0, '9007199254740993']]],
    ['of one that has none', '{"id":9007199254740991}', false, []],
    ['of one whose params have some', '{"params":{"id":1e999},"id":"1e999"}', false, []],
    [
      'of a batch',
      '[{"id":1}, {"id":1.50}, 1e999, {"id":-1e999}]',
      true,
      [
        [1, '1.50'],
        [3, '-1e999'],
      ],
    ],
    ['of a batch within a batch', '[[{"id":1e999}]]', true, []],
  ])('%s', (_what, text, batch, ids) => {
    expect(longIds(text, batch)).toEqual(new Map(ids.map(([place, id]) => [place, new NumberText(id)])));
  });

  test.each([[9007199254740991], [-9007199254740991], [0], ['9007199254740993'], [null], [undefined]])(
    'are none like %j',
    (id) => {
      expect(mayBeRounded(id)).toBe(false);
    },
  );
});
