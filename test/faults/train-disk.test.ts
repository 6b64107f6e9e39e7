/** A disk that does not take what a trainer has made: nothing of it comes into service. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtProgram } from '../support/cli.ts';
import { environment } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { trainable } from '../support/trainer.ts';

const MAKES =
  'mkdir "$GARDENER_OUTPUT_DIR/vector_store"; echo NEW | tee "$GARDENER_OUTPUT_DIR/vector_store/index"';

/** Runs `gardener train` with its calls of fsync traced, in one way or another. */
async function traced(home: string, log: string, ...tampering: readonly string[]) {
  const train = [builtProgram('gardener.js'), 'train', 'payments', '--', 'sh', '-c'];
  const strace = ['-f', '-y', '-o', log, '-e', 'trace=fsync', ...tampering, process.execPath, ...train];
  const words = [...strace, `${MAKES} > "$GARDENER_PROJECT_LORA_ADAPTER_PATH"`];
  return await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile('strace', words, { env: environment(home), cwd: home }, (error, _stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stderr }),
    );
  });
}

test('fails the training with what the disk says', async (context) => {
  requireTools(context, 'strace');
  const { cli, train, project } = await trainable();
  await train('echo GOOD > "$GARDENER_PROJECT_LORA_ADAPTER_PATH"').finished;
  const { lora_adapter_path: adapter, vector_store_path: vectors } = await project();
  const full = await traced(cli.home, join(cli.home, 'log'), '-e', 'inject=fsync:error=ENOSPC');
  expect(full.code).toBe(1);
  expect(full.stderr).toMatch(
    /training payments has failed: cannot write ~\/\S+ to the disk: the disk is full\n$/,
  );
  expect(await project()).toMatchObject({
    training_status: 'failed',
    lora_adapter_path: adapter,
    vector_store_path: vectors,
    training: { outcome: 'failed', error: expect.stringMatching(/: the disk is full$/) as string },
  });
  expect(await readFile(adapter ?? '', 'utf8')).toBe('GOOD\n');
});

test('is asked for all of it before the training has completed', async (context) => {
  requireTools(context, 'strace');
  const { cli, project } = await trainable();
  const log = join(cli.home, 'log');
  expect(await traced(cli.home, log)).toEqual({ code: 0, stderr: '' });
  const { project_id: id, training } = await project();
  const own = join(cli.dataDir, 'projects', id);
  const output = join(own, 'trainings', String(training?.token));
  const synced = [...(await readFile(log, 'utf8')).matchAll(/fsync\(\d+<([^>]+)>/g)].map(([, path]) => path);
  expect(new Set(synced)).toEqual(
    new Set([
      own,
      join(own, 'trainings'),
      output,
      `${output}/lora_adapter.bin`,
      // What it printed is there, too.
      `${output}/trainer.log`,
      `${output}/vector_store`,
      `${output}/vector_store/index`,
    ]),
  );
});
