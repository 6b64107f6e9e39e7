import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { terminal } from '../../support/terminal.ts';
import { type Trainable, trainable } from '../../support/trainer.ts';
import { until } from '../../support/until.ts';

/** Trains the project as often as there are adapters; resolves when their sizes are known. */
async function trained({ registry }: Trainable, ...adapters: readonly string[]): Promise<void> {
  for (const adapter of adapters) {
    const { token, project, output } = await registry.training.begin({ project: 'payments' });
    await writeFile(output.lora_adapter_path, adapter);
    await registry.training.complete({ project: project.project_id, token });
  }
  await until(async () => {
    const { trainings } = await registry.training.history({ project: 'payments' });
    return trainings.every(({ bytes }) => bytes !== null);
  }, 'all outputs are measured');
}

/** How many outputs there are. */
async function outputs({ cli, project }: Trainable): Promise<number> {
  const { project_id: id } = await project();
  const names = await readdir(join(cli.dataDir, 'projects', id, 'trainings'));
  return names.filter((name) => /^\d+$/.test(name)).length;
}

const WOULD = 'payments  2 trainings, 6 B\n';

test('what is to go is shown, and goes when the answer is yes', async () => {
  const it = await trainable();
  await trained(it, 'one', 'two', 'three');
  const { run } = terminal({ home: it.cli.dataDir });
  expect(await run(['prune', '--older', '0d', '--dry-run'])).toMatchObject({
    code: 0,
    stdout: `${WOULD}would move 6 B to the trash\n`,
  });
  const refused = await run(['prune', '--older', '0d'], ['n']);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toBe(
    `${WOULD}move this to the trash, 6 B? it stays there for a week [y/N] nothing was moved\n`,
  );
  expect(await outputs(it)).toBe(3);
  expect(await run(['prune', 'payments', '--older', '0d'], ['y'])).toMatchObject({
    code: 0,
    stdout: `${WOULD}moved 6 B to the trash, where it stays for a week\n`,
  });
  expect(await outputs(it)).toBe(1);
  // What is in service stays.
  expect(await run(['prune', '--older', '0d'], ['y'])).toMatchObject({
    code: 0,
    stdout: '',
    stderr: 'nothing that old is kept, but for what is in service\n',
  });
  expect((await it.cli.run(['rollback', 'payments'])).stderr).toContain(
    'nothing is kept of a training before',
  );
});

test('what ended lately stays unless more is asked for', async () => {
  const it = await trainable();
  await trained(it, 'one', 'two');
  for (const older of [[], ['--older', '1h'], ['--older', '2w']]) {
    expect(await it.cli.json(['prune', '--yes', ...older])).toEqual({ dry_run: false, pruned: [], bytes: 0 });
  }
  expect(await outputs(it)).toBe(2);
});

test('nobody is asked where there is no terminal, and nothing is moved', async () => {
  const it = await trainable();
  await trained(it, 'one', 'two');
  expect(await it.cli.run(['prune', 'payments', '--older', '0d'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr:
      'gardener: cannot prune without asking: this is no terminal\ntry: gardener prune --yes payments; --dry-run tells what would go\n',
  });
  expect(await outputs(it)).toBe(2);
});

test.each(['30', 'd', '1.5d', '30m', '-1d', '1 d'])('%j is no age', async (age) => {
  const { cli } = await trainable();
  const { code, stderr } = await cli.run(['prune', '--yes', `--older=${age}`]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining('such as 12h, 30d or 2w') as string,
  });
});
