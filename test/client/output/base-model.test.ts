import { execFileSync } from 'node:child_process';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { baseModelOf } from '../../../client/output/base-model.ts';
import { temporaryDirectory } from '../../support/home.ts';

const CONFIG = JSON.stringify({ peft_type: 'LORA', base_model_name_or_path: 'meta-llama/Llama-3.1-8B' });
let output: string;
let adapter: string;
beforeEach(async () => {
  output = await temporaryDirectory();
  adapter = join(output, 'lora_adapter.bin');
});

test('is told in the directory of an adapter', async () => {
  await mkdir(adapter);
  await writeFile(join(adapter, 'adapter_config.json'), CONFIG);
  // That of the adapter itself goes first.
  await writeFile(join(output, 'adapter_config.json'), '{"base_model_name_or_path": "other"}');
  expect(await baseModelOf(adapter)).toBe('meta-llama/Llama-3.1-8B');
});

test('is told beside an adapter that is a file, or that lies in the output itself', async () => {
  await writeFile(join(output, 'adapter_config.json'), CONFIG);
  expect(await baseModelOf(adapter)).toBe('meta-llama/Llama-3.1-8B');
  await writeFile(adapter, 'weights');
  expect(await baseModelOf(adapter)).toBe('meta-llama/Llama-3.1-8B');
});

test('is not known where nothing tells it', async () => {
  expect(await baseModelOf(adapter)).toBeUndefined();
});

test.each([
  ['no JSON', CONFIG.slice(1)],
  ['no object', '["model"]'],
  ['without a name', '{"base_model_name_or_path": null}'],
  ['with an empty name', '{"base_model_name_or_path": ""}'],
  ['with a name that is too long', JSON.stringify({ base_model_name_or_path: 'm'.repeat(1_025) })],
  ['too long', CONFIG + ' '.repeat(65_536)],
])('is not taken from what is %s', async (_, text) => {
  await writeFile(join(output, 'adapter_config.json'), text);
  expect(await baseModelOf(adapter)).toBeUndefined();
});

test('is not taken from a pipe, which nobody may write to', async () => {
  execFileSync('mkfifo', [join(output, 'adapter_config.json')]);
  expect(await baseModelOf(adapter)).toBeUndefined();
});

test('is not read through links', async () => {
  const elsewhere = await temporaryDirectory();
  await writeFile(join(elsewhere, 'adapter_config.json'), CONFIG);
  await symlink(join(elsewhere, 'adapter_config.json'), join(output, 'adapter_config.json'));
  await symlink(elsewhere, adapter);
  expect(await baseModelOf(adapter)).toBeUndefined();
  await rename(join(elsewhere, 'adapter_config.json'), join(output, 'adapter_config.json'));
  expect(await baseModelOf(adapter)).toBe('meta-llama/Llama-3.1-8B');
});
