import { describe, expect, test } from 'vitest';
import {
  changesIn,
  editableText,
  EditFault,
  overtaken,
} from '../../../../client/cli/projects/edit/edited.ts';
import { EXAMPLE_PROJECT } from '../../../../src/protocol/method.ts';

const PROJECT = { ...EXAMPLE_PROJECT, metadata: { owner: 'ada', depth: { max: 3 } } };

/** The changes after a person has replaced something in the text. */
function changes(replace: (document: Record<string, unknown>) => Record<string, unknown>) {
  return changesIn(
    PROJECT,
    JSON.stringify(replace(JSON.parse(editableText(PROJECT)) as Record<string, unknown>)),
  );
}

test('the text holds what can be changed, and unchanged it changes nothing', async () => {
  const text = editableText(PROJECT);
  expect(Object.keys(JSON.parse(text) as object)).toEqual([
    'name',
    'source_path',
    'language',
    'file_count',
    'tags',
    'metadata',
    'lora_adapter_path',
    'vector_store_path',
    'context_path',
  ]);
  expect(await changesIn(PROJECT, text)).toEqual({});
});

test('only what differs is changed', async () => {
  expect(
    await changes((document) => ({ ...document, name: 'pay', tags: ['work', 'go'], context_path: null })),
  ).toEqual({
    name: 'pay',
    tags: ['work', 'go'],
    context_path: null,
  });
});

test('a field that was taken out stays as it is', async () => {
  expect(await changes(({ language: _language, ...rest }) => rest)).toEqual({});
});

test('metadata that was taken out is deleted, and only what differs is set', async () => {
  const metadata = { depth: { max: 4 }, team: null, ['__proto__']: 1 };
  const found = await changesIn(PROJECT, `{"metadata": {"depth": {"max": 4}, "__proto__": 1}}`);
  expect(Object.entries(found.metadata ?? {})).toEqual([
    ['owner', null],
    ['depth', metadata.depth],
    ['__proto__', 1],
  ]);
});

describe('it is refused to set', () => {
  test.each([
    ['{"name": ""}', 'cannot change name: it must be a text'],
    ['{"file_count": -1}', 'cannot change file_count: it must be a number of files'],
    ['{"tags": "work"}', 'cannot change tags: it must be a list of texts'],
    ['{"metadata": []}', 'cannot change metadata: it must be an object'],
    ['{"context_path": 7}', 'cannot change context_path: it must be a path or null'],
    ['{"project_id": "x"}', 'cannot change project_id: there is no such field'],
    ['{"toString": "x"}', 'cannot change toString: there is no such field'],
    ['[]', 'cannot use the text: it must hold one JSON object'],
  ])('%s', async (text, message) => {
    await expect(changesIn(PROJECT, text)).rejects.toThrow(new EditFault(message));
  });
});

test("somebody else's change of the same field is noticed, and of another one is not", () => {
  const current = { ...PROJECT, tags: ['theirs'], last_used: '2026-05-10T12:00:00.000Z', etag: 'other' };
  expect(overtaken(PROJECT, current, { name: 'pay' })).toBeUndefined();
  expect(overtaken(PROJECT, current, { name: 'pay', tags: ['mine'] })).toBe('tags');
});
