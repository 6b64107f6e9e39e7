/** What training makes is in service only when it has completed, and all of it then. */
import { mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { untilKept } from '../support/history.ts';
import { get, world } from '../support/world.ts';
import type { LineClient } from '../support/lines.ts';

interface Lease {
  readonly token: number;
  readonly output: { readonly directory: string; readonly lora_adapter_path: string };
}

async function beginning(writer: LineClient, more: object = {}): Promise<Lease> {
  return (await writer.call('training.begin', { project: 'a', ...more })) as unknown as Lease;
}

async function begun() {
  const here = await world(['a']);
  const lease = await beginning(here.writer);
  const complete = (more: object = {}) =>
    here.writer.call('training.complete', { project: 'a', token: lease.token, ...more });
  return { ...here, ...lease, complete };
}

describe('the output of a lease', () => {
  test('is a directory of its own, which nobody else may read', async () => {
    const { output, token, paths, writer } = await begun();
    const { project_id: id } = await get(writer, 'a');
    expect(output.directory).toBe(join(paths.projectsDir, String(id), 'trainings', String(token)));
    expect((await stat(output.directory)).mode & 0o777).toBe(0o700);
  });

  test('is there again for whoever resumes, with what was in it', async () => {
    const { output, token, writer, connect } = await begun();
    await writeFile(output.lora_adapter_path, 'half');
    const again = await connect();
    expect(await again.call('training.resume', { project: 'a', token })).toMatchObject({ token, output });
    expect(await readFile(output.lora_adapter_path, 'utf8')).toBe('half');
    await rm(output.directory, { recursive: true });
    await writer.call('training.resume', { project: 'a', token });
    expect((await stat(output.directory)).isDirectory()).toBe(true);
  });

  test('has a token greater than any that the disk knows', async () => {
    const { token, output, writer, complete } = await begun();
    await complete();
    const later = token + 10_000_000;
    await mkdir(join(output.directory, '..', String(later)));
    await mkdir(join(output.directory, '..', '9007199254740991'));
    const { token: next } = await beginning(writer);
    expect(next).toBe(later + 1);
  });

  test('that cannot be made leaves no lease', async () => {
    const { output, token, writer, complete } = await begun();
    await writeFile(output.lora_adapter_path, 'good');
    await complete();
    const trainings = join(output.directory, '..');
    // What is written after the end makes the directory anew.
    await untilKept(trainings, token);
    await rm(trainings, { recursive: true });
    await symlink('/tmp', trainings);
    expect(await writer.refusal('training.begin', { project: 'a' })).toMatchObject({
      code: 1010,
      data: { applied: false },
    });
    expect(await get(writer, 'a')).toMatchObject({ training_status: 'completed' });
    await rm(trainings);
    await writer.call('training.begin', { project: 'a' });
  });
});

describe('a training that completes', () => {
  test('brings into service what is in its output, and leaves the rest as it was', async () => {
    const { output, writer, complete } = await begun();
    const before = await get(writer, 'a');
    await writeFile(output.lora_adapter_path, 'good');
    expect(await get(writer, 'a')).toMatchObject({ lora_adapter_path: before['lora_adapter_path'] });
    expect(await complete()).toMatchObject({
      lora_adapter_path: output.lora_adapter_path,
      vector_store_path: before['vector_store_path'],
      context_path: before['context_path'],
    });
  });

  test('has its directory as the adapter where the files of one lie in it', async () => {
    const { output, complete } = await begun();
    await writeFile(join(output.directory, 'adapter_config.json'), '{}');
    expect(await complete()).toMatchObject({ lora_adapter_path: output.directory });
  });

  test('has what it is told in service in the place of what is there', async () => {
    const { output, complete } = await begun();
    await writeFile(output.lora_adapter_path, 'good');
    expect(await complete({ lora_adapter_path: '/elsewhere/adapter' })).toMatchObject({
      lora_adapter_path: '/elsewhere/adapter',
    });
  });

  test('has made no adapter with what nobody can read twice', async () => {
    const { output, writer, complete } = await begun();
    const { lora_adapter_path: before } = await get(writer, 'a');
    await promisify(execFile)('mkfifo', [output.lora_adapter_path]);
    expect(await complete()).toMatchObject({ lora_adapter_path: before, warnings: ['no_adapter'] });
  });

  test('has made nothing with a link that leads nowhere, nor where its output is gone', async () => {
    const { output, writer, complete } = await begun();
    const { lora_adapter_path: before } = await get(writer, 'a');
    await symlink('nowhere', output.lora_adapter_path);
    expect(await complete()).toMatchObject({ lora_adapter_path: before });
    const { output: second, token } = await beginning(writer);
    await rm(second.directory, { recursive: true });
    expect(await writer.call('training.complete', { project: 'a', token })).toMatchObject({
      lora_adapter_path: before,
    });
  });

  test.each(['link', 'file'])('is refused while its output is a %s', async (kind) => {
    const { output, token, writer, complete } = await begun();
    await writeFile(output.lora_adapter_path, 'good');
    await rename(output.directory, `${output.directory}.moved`);
    await (kind === 'link'
      ? symlink(`${output.directory}.moved`, output.directory)
      : writeFile(output.directory, ''));
    const refused = await writer.refusal('training.complete', { project: 'a', token });
    expect(refused).toMatchObject({ code: -32602, data: { issues: [{ path: 'output' }] } });
    await rm(output.directory);
    await rename(`${output.directory}.moved`, output.directory);
    expect(await complete()).toMatchObject({ lora_adapter_path: output.lora_adapter_path });
  });

  test('keeps what it was made from', async () => {
    const here = await world(['a']);
    const source = { commit: '0123456789abcdef', dirty: true };
    const { token } = await beginning(here.writer, { source });
    expect(
      await here.writer.call('training.complete', { project: 'a', token, base_model: 'llama' }),
    ).toMatchObject({
      trained_from: source,
      base_model: 'llama',
      training: { outcome: 'completed' },
    });
  });
});
