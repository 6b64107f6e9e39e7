/** What a trainer makes: in service once it has ended well, and never before. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { trainerEnvironment } from '../../../client/cli/train/environment.ts';
import { methods } from '../../../src/protocol/methods.ts';
import { trainable } from '../../support/trainer.ts';

const GOOD = 'echo GOOD > "$GARDENER_PROJECT_LORA_ADAPTER_PATH"';
const REFUSED =
  /^gardener: the log of the training is incomplete: it was moved or removed\ngardener: training payments has failed: nothing of ~\/\S+\/trainings\/\d+ can be brought into service: it is no directory any more\n$/;

describe('an adapter in service', () => {
  test('stays as it is when the next training fails', async () => {
    const { train, project } = await trainable();
    expect((await train(GOOD).finished).code).toBe(0);
    const { lora_adapter_path: adapter } = await project();
    const failed = await train('echo PARTIAL > "$GARDENER_PROJECT_LORA_ADAPTER_PATH"; exit 3').finished;
    expect(failed.code).toBe(3);
    expect((await project()).lora_adapter_path).toBe(adapter);
    expect(await readFile(adapter ?? '', 'utf8')).toBe('GOOD\n');
  });

  test('is told to the next trainer, which is told nothing where there is none', async () => {
    const { cli, train } = await trainable();
    const told = `echo "[$GARDENER_PROJECT_PREVIOUS_LORA_ADAPTER_PATH]"`;
    // The field points to where one may be.
    expect(await train(`${told}; ${GOOD}`).finished).toMatchObject({ code: 0, stdout: '[]\n' });
    const { lora_adapter_path: adapter } = (await cli.json(['show', 'payments'])) as Record<string, unknown>;
    expect((await train(told).finished).stdout).toBe(`[${String(adapter)}]\n`);
  });
});

test('an adapter that is saved as PEFT does it tells which model it adapts', async () => {
  const { train, project } = await trainable();
  const config = `echo '{"base_model_name_or_path": "small"}' >`;
  await train(`${config} "$GARDENER_OUTPUT_DIR/adapter_config.json"`).finished;
  const { base_model: model, lora_adapter_path: adapter, training } = await project();
  expect(model).toBe('small');
  expect(adapter).toMatch(new RegExp(`/trainings/${training?.token}$`));
  // What a trainer says itself goes before.
  await train(
    `${config} "$GARDENER_OUTPUT_DIR/adapter_config.json"; echo '{"result": {"base_model": "large"}}' >&3`,
  ).finished;
  expect((await project()).base_model).toBe('large');
});

test('results that lie elsewhere are taken from there', async () => {
  const { cli, train, project } = await trainable();
  await train(`echo '{"result": {"vector_store_path": "out/vectors", "context_path": "~/context"}}' >&3`)
    .finished;
  expect(await project()).toMatchObject({
    vector_store_path: join(cli.home, 'out/vectors'),
    context_path: join(cli.home, 'context'),
  });
});

test('a daemon that knows no outputs has its trainers write where it always had', () => {
  const { token, project } = methods['training.begin'].example.result;
  const found = trainerEnvironment({ GARDENER_OUTPUT_DIR: '/outer' }, { token, project }, '/old/adapter', {});
  expect(found).toMatchObject({
    GARDENER_PROJECT_LORA_ADAPTER_PATH: project.lora_adapter_path,
    GARDENER_OUTPUT_DIR: undefined,
    GARDENER_PROJECT_PREVIOUS_LORA_ADAPTER_PATH: undefined,
  });
});

describe('an output that is', () => {
  test.each([
    ['a link', 'ln -s "$HOME" "$GARDENER_OUTPUT_DIR"'],
    ['a file', 'echo x > "$GARDENER_OUTPUT_DIR"'],
  ])('%s by now fails the training at once', async (_, replace) => {
    const { train, project } = await trainable();
    await train(GOOD).finished;
    const before = await project();
    const { code, stdout, stderr } = await train(`rm -r "$GARDENER_OUTPUT_DIR"; ${replace}`, ['--json'])
      .finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(REFUSED);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'failed',
      exit_code: 0,
      project: {
        training_status: 'failed',
        lora_adapter_path: before.lora_adapter_path,
        training: { outcome: 'failed', error: expect.stringMatching(/^nothing of \//) as string },
      },
    });
  });

  test('gone has nothing to bring into service', async () => {
    const { train, project } = await trainable();
    await train(GOOD).finished;
    const { lora_adapter_path: adapter } = await project();
    expect((await train('rm -r "$GARDENER_OUTPUT_DIR"').finished).code).toBe(0);
    expect(await project()).toMatchObject({ training_status: 'completed', lora_adapter_path: adapter });
  });
});

describe('gardener train --json tells how it ended', () => {
  test('for one that was cancelled', async () => {
    const { cli, train, whenProject } = await trainable();
    const { finished } = train('echo 10% >&3; sleep 1000', ['--json']);
    await whenProject(({ training }) => training?.progress === 0.1, 'it runs');
    await cli.json(['train', '--cancel', 'payments', '--reason', 'no power']);
    const { code, stdout } = await finished;
    expect(code).not.toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'cancelled',
      project: { training_status: 'not_started', training: { outcome: 'cancelled' } },
    });
    const { stdout: shown } = await cli.run(['show', 'payments']);
    expect(shown).toMatch(/ status +not started\n +training +cancelled just now\n/);
  });

  test('for one that was silent for too long, and in words to whoever looks', async () => {
    const { cli, train, whenProject } = await trainable();
    const { code, stdout } = await train('sleep 1000', ['--json', '--stall', '0.2']).finished;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'stalled',
      warnings: [],
      error: { data: { kind: 'lease_lost' } },
    });
    await whenProject(({ training_status: status }) => status === 'failed', 'it is written down');
    expect((await cli.run(['ls'])).stdout).toMatch(/payments +failed: stalled +python/);
    expect((await cli.run(['show', 'payments'])).stdout).toMatch(/status +failed: stalled\n/);
  });

  test('for one that was taken by force', async () => {
    const { registry, train, whenProject } = await trainable();
    const { finished } = train('echo 10% >&3; sleep 1000', ['--json']);
    await whenProject(({ training }) => training?.progress === 0.1, 'it runs');
    await registry.training.begin({ project: 'payments', force: true });
    const { code, stdout } = await finished;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'lost', error: { data: { kind: 'lease_lost' } } });
  });
});
