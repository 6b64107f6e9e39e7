/** What is in a trash, told from its name. */
import { expect, test } from 'vitest';
import {
  doomedName,
  isDoomed,
  isKept,
  isOf,
  movedAt,
  trashName,
} from '../../../src/domain/values/trash-names.ts';

const ID = '2f1c1a52-7c5e-4c8e-9d6b-0a1b2c3d4e5f';
const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

test('a name says what it was and when it went, and earlier versions only said what', () => {
  const name = trashName(ID, AT, '0a1b2c3d');
  expect(name).toBe(`${ID}-20260102T030405Z-0a1b2c3d`);
  expect([isKept(name), isOf(ID, name), movedAt(name)]).toEqual([true, true, AT]);
  const earlier = `${ID}-0a1b2c3d`;
  expect([isKept(earlier), isOf(ID, earlier), movedAt(earlier)]).toEqual([true, true, null]);
});

test('what was in a directory is not taken for that directory', () => {
  const name = trashName(`${ID}/trainings/7`, AT, '0a1b2c3d');
  expect(name).not.toContain('/');
  expect([isKept(name), isOf(ID, name), isOf(`${ID}/trainings/7`, name)]).toEqual([true, false, true]);
});

test('what is to be deleted is not kept, and nothing else is ours', () => {
  const doomed = doomedName(trashName(ID, AT, '0a1b2c3d'));
  expect([isKept(doomed), isDoomed(doomed), isOf(ID, doomed)]).toEqual([false, true, false]);
  for (const name of ['mine', 'mine.deleting', 'ages.json', `${ID}.left`, ID, `${ID}-0A1B2C3D`])
    expect([name, isKept(name) || isDoomed(name)]).toEqual([name, false]);
});
