/** `gardener train P --wait`: waiting while somebody else trains P. */
import { describe, expect, test } from 'vitest';
import type { Running } from '../../support/cli.ts';
import { trainable, type Trainable } from '../../support/trainer.ts';
import { until } from '../../support/until.ts';

interface Held extends Trainable {
  /** Ends the training of somebody else. */
  release(): Promise<unknown>;
  /** Starts a trainer that waits for it, and waits until it says so. */
  waits(...flags: string[]): Promise<Running>;
}

const TOLD = /^waiting for "payments": lora-trainer trains it \(process 4242\), begun just now\n$/;

/** The project `payments`, which somebody else trains. */
async function held(): Promise<Held> {
  const here = await trainable();
  const { registry, train } = here;
  const begin = { project: 'payments', holder: { name: 'lora-trainer', pid: 4242 } };
  const { token } = await registry.training.begin(begin);
  return {
    ...here,
    release: () => registry.training.release({ project: 'payments', token }),
    async waits(...flags) {
      const running = train('echo trained', ['--wait', ...flags]);
      await until(() => TOLD.test(running.output.stderr), 'it waits, and says for whom');
      return running;
    },
  };
}

describe('a trainer with --wait', () => {
  test('waits for whoever trains the project, tells it once, and survives a restart of the daemon', async () => {
    const { cli, registry, project, release, waits } = await held();
    const { finished, output } = await waits();
    await cli.run(['daemon', 'restart']);
    const { training } = await project();
    // What a client of the library does by itself when it trains.
    await registry.training.resume({ project: 'payments', token: Number(training?.token) });
    await until(async () => (await registry.daemon.status()).connections > 1, 'it has come back');
    await release();
    expect(await finished).toMatchObject({ code: 0, stdout: 'trained\n' });
    expect(output.stderr.match(/^waiting/gm)).toHaveLength(1);
  });

  test('waits no longer than it is told to', async () => {
    const { train } = await held();
    const { code, stdout, stderr } = await train('echo trained', ['--wait', '0.3', '--json']).finished;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { data: { kind: 'lease_held' } } });
    expect(stderr).toMatch(/^waiting for .*\ngardener: cannot take "payments": lora-trainer is training it/);
  });

  test('hears that the project is removed, and can be interrupted', async () => {
    const { cli, waits, project } = await held();
    const interrupted = await waits();
    interrupted.child.kill('SIGINT');
    expect((await interrupted.finished).code).toBe(130);
    expect(await project()).toMatchObject({ training: { holder: { pid: 4242 } } });
    const { finished } = await waits();
    await cli.json(['rm', '--yes', '--force', 'payments']);
    const { code, stderr } = await finished;
    expect(code).toBe(1);
    expect(stderr).toContain('gardener: cannot train "payments": the project was removed');
  });

  test('and --slot waits for the project, then for a slot, both within the time', async () => {
    const { cli, registry, release, waits } = await held();
    await cli.json(['add', 'src/payments', '--name', 'web']);
    const { token } = await registry.training.begin({ project: 'web', slot: 'gpu0' });
    const { output, finished } = await waits('60', '--slot', 'gpu0');
    await release();
    await until(() => output.stderr.includes('waiting for a slot: gpu0 is used by'), 'it waits for the slot');
    await registry.training.release({ project: 'web', token });
    expect(await finished).toMatchObject({ code: 0, stdout: 'trained\n' });
    const second = await registry.training.begin({ project: 'web', slot: 'gpu0' });
    const { code, stderr } = await cli.run([
      'train',
      'payments',
      '--slot',
      'gpu0',
      '--wait',
      '0.3',
      '--',
      'true',
    ]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('cannot take the slot "gpu0"'),
    });
    await registry.training.release({ project: 'web', token: second.token });
  });

  test('has a daemon started that is gone for good, and says so', async () => {
    const { cli, registry, release, waits } = await held();
    const { finished, output } = await waits();
    process.kill((await registry.daemon.status()).pid, 'SIGKILL');
    const said = 'gardener: the daemon is gone, and is started again\n';
    await until(() => output.stderr.endsWith(said), 'it is started');
    await cli.json(['ls']);
    await release();
    expect(await finished).toMatchObject({ code: 0, stdout: 'trained\n' });
  });
});
