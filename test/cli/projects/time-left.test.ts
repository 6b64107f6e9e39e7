/** How long a training will still take, as people see it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { trainable } from '../../support/trainer.ts';
import { until } from '../../support/until.ts';

test('ls, show and watch say how long a training will still take', async () => {
  const { cli, registry, project, whenProject } = await trainable();
  const begun = await registry.training.begin({ project: 'payments' });
  await registry.training.complete({ project: 'payments', token: begun.token });
  const { project_id: id } = await project();
  const file = join(cli.dataDir, 'projects', id, 'trainings', 'history.json');
  const history = await until(() => readFile(file, 'utf8').catch(() => ''), 'its history is written');
  const ten = history
    .replace(/("started_at": ")[^"]*/, '$12026-01-05T10:00:00.000Z')
    .replace(/("ended_at": ")[^"]*/, '$12026-01-05T10:10:10.000Z');
  await writeFile(file, ten);
  const watching = cli.start(['watch', '--progress', 'payments']);
  await until(() => watching.output.stdout !== '', 'it watches');
  const { token } = await registry.training.begin({ project: 'payments', holder: { name: 'lora' } });
  await whenProject(({ training }) => typeof training?.['eta_s'] === 'number', 'it is known');
  expect((await cli.run(['ls'])).stdout).toContain('training, 10 min left');
  expect((await cli.run(['show', 'payments'])).stdout).toContain('about 10 min left, lora');
  await until(
    () => watching.output.stdout.includes('progress     payments  about 10 min left  by lora'),
    'it is told',
  );
  await registry.training.release({ project: 'payments', token });
  expect((await cli.run(['ls'])).stdout).not.toContain('left');
});
