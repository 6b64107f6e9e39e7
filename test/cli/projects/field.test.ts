import { expect, test } from 'vitest';
import { FIELDS, fieldText } from '../../../client/cli/projects/field.ts';
import { EXAMPLE_PROJECT } from '../../../src/protocol/method.ts';
import { commandLine } from '../../support/cli.ts';

const PROJECT = {
  ...EXAMPLE_PROJECT,
  ahead: null,
  tags: ['work', 'a b'],
  metadata: { owner: 'ada', 'a.b': { c: 1 }, __proto__: null, isOn: false },
  training: { error: 'first line\nlast line', holder: null },
};

test.each([
  ['name', EXAMPLE_PROJECT.name],
  ['file_count', String(EXAMPLE_PROJECT.file_count)],
  ['tags', '["work","a b"]'],
  ['tags.1', 'a b'],
  ['metadata.owner', 'ada'],
  ['metadata.a.b', '{"c":1}'],
  ['metadata.a.b.c', '1'],
  ['metadata.isOn', 'false'],
  ['training.error', 'first line\nlast line'],
  // Null, what is below null, what this project does not have, what nobody has put there.
  ['ahead', ''],
  ['training.holder.pid', ''],
  ['training.slot', ''],
  ['metadata.nope', ''],
  ['metadata.constructor', ''],
])('%s is %j', (field, text) => {
  expect(fieldText(PROJECT, field)).toBe(text);
});

test('every field that is offered is known, also where its object is null', () => {
  const bare = { ...EXAMPLE_PROJECT, training: null, trained_from: null, retrain_requested: null };
  for (const field of FIELDS) expect(() => fieldText(bare, field), field).not.toThrow();
});

test.each([
  ['eror', "unknown field 'eror'; did you mean training.error?"],
  ['trainig.eror', "unknown field 'trainig.eror'; did you mean training.error?"],
  ['training.nope', "unknown field 'training.nope'"],
  ['path', "unknown field 'path'; did you mean source_path, lora_adapter_path or vector_store_path?"],
  ['project-id', "unknown field 'project-id'; did you mean project_id?"],
  ['tags.length', "unknown field 'tags.length'"],
  ['constructor', "unknown field 'constructor'"],
])('%s is none', (field, message) => {
  expect(() => fieldText(PROJECT, field)).toThrow(expect.objectContaining({ message, exitCode: 2 }) as Error);
});

test('show --field prints the bare value, several a line each, and a document for programs', async () => {
  const cli = await commandLine();
  await cli.codebase('api', {});
  await cli.run(['add', 'api', '--tag', 'a']);
  await cli.run(['train', 'api', '--', 'sh', '-c', 'printf "one\\ntwo\\n" >&2; exit 3']);
  const show = async (...fields: string[]) =>
    await cli.run(['show', 'api', ...fields.flatMap((field) => ['--field', field])]);
  expect(await show('training.error')).toMatchObject({ code: 0, stdout: 'exit code 3\none\ntwo\n' });
  expect((await show('training.error', 'base_model', 'tags')).stdout).toBe(
    'exit code 3\\none\\ntwo\n\n["a"]\n',
  );
  expect(await cli.json(['show', 'api', '--field', 'tags', '--field', 'metadata.x'])).toEqual({
    tags: ['a'],
    'metadata.x': null,
  });
  const odd = await cli.codebase('esc\x1b[31m', {});
  await cli.run(['add', odd, '--name', 'odd']);
  expect((await cli.run(['show', 'odd', '--field', 'source_path', '--field', 'name'])).stdout).toBe(
    `${odd}\nodd\n`,
  );
  expect((await cli.run(['show', 'odd', '--field', 'source_path'])).stdout).toBe(`${odd}\n`);
  expect(await show('training.eror')).toMatchObject({
    code: 2,
    stdout: '',
    stderr:
      "gardener: unknown field 'training.eror'; did you mean training.error?\ntry: gardener show --json, which has all of them\n",
  });
});
