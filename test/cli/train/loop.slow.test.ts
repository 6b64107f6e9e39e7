/** `gardener train --claim --loop`: one project after the other. */
import { describe, expect, test } from 'vitest';
import type { Running } from '../../support/cli.ts';
import { trainable, type Trainable, WAITS } from '../../support/trainer.ts';
import { until } from '../../support/until.ts';

interface World extends Trainable {
  /** Starts a loop over what waits, with a script of a trainer. */
  loop(script: string, ...flags: string[]): Running;
}

const ADAPTER = 'echo "$GARDENER_PROJECT_NAME"; echo x > "$GARDENER_PROJECT_LORA_ADAPTER_PATH"';

/** Projects `payments`, `web` and `api`, all of which wait. */
async function world(): Promise<World> {
  const here = await trainable();
  const { cli } = here;
  for (const name of ['web', 'api']) await cli.json(['add', 'src/payments', '--name', name]);
  const loop = (script: string, ...flags: string[]) =>
    cli.start(['train', '--claim', '--loop', ...flags, '--', 'sh', '-c', script]);
  return { ...here, loop };
}

describe('a loop over what waits', () => {
  test('goes on after a failure, sums up, and ends with its code; then there is nothing any more', async () => {
    const { loop } = await world();
    const script = `${ADAPTER}; case $GARDENER_PROJECT_NAME in payments) exit 7;; web) exit 8;; esac`;
    const { code, stdout, stderr } = await loop(script).finished;
    expect({ code, stdout }).toEqual({ code: 7, stdout: 'payments\nweb\napi\n' });
    expect(stderr).toMatch(/\ntrained 1 of 3 claimed in \d+ s; failed: payments, web\n$/);
    expect(await loop(ADAPTER).finished).toEqual({
      code: 4,
      signal: null,
      stdout: '',
      stderr: 'no project waits for training\n',
    });
  });

  test('waits for more, also while the daemon is restarted, until nothing has waited for so long', async () => {
    const { cli, registry, loop } = await world();
    const { finished, output } = loop(ADAPTER, '--wait', '3', '--json');
    await until(() => output.stderr === 'payments\nweb\napi\n', 'all are trained');
    await cli.run(['daemon', 'restart']);
    await registry.projects.retrain({ project: 'web' });
    const { code, stdout } = await finished;
    expect(code).toBe(0);
    const { trainings } = JSON.parse(stdout) as {
      trainings: { outcome: string; project: { name: string } }[];
    };
    expect(trainings.map(({ outcome, project }) => `${project.name} ${outcome}`)).toEqual([
      'payments completed',
      'web completed',
      'api completed',
      'web completed',
    ]);
    expect(await loop(ADAPTER, '--json').finished).toMatchObject({
      code: 4,
      stdout: '{\n  "trainings": []\n}\n',
    });
  });

  test('claims no project again whose training was cancelled, or taken away', async () => {
    const { cli, registry, whenProject, loop } = await world();
    const script = `${ADAPTER}; [ "$GARDENER_PROJECT_NAME" = api ] || { echo 10% >&3; ${WAITS}; }`;
    const { finished } = loop(script, '--json');
    await whenProject(({ training }) => training?.progress === 0.1, 'it trains');
    await cli.json(['train', '--cancel', 'payments', '--reason', 'too hot']);
    await until(
      async () => (await registry.projects.get({ project: 'web' })).training?.progress === 0.1,
      'so does it',
    );
    const { token } = await registry.training.begin({ project: 'web', force: true });
    const { code, stdout, stderr } = await finished;
    const { trainings } = JSON.parse(stdout) as { trainings: { outcome: string; error?: object }[] };
    expect(trainings).toEqual([
      expect.objectContaining({ outcome: 'cancelled' }),
      expect.objectContaining({ outcome: 'lost', error: expect.objectContaining({ code: 1007 }) }),
      expect.objectContaining({ outcome: 'completed' }),
    ]);
    expect({ code, stderr }).toEqual({
      code: 143,
      stderr: expect.stringMatching(/was cancelled: too hot\n[^]*; cancelled: payments; lost: web\n$/),
    });
    expect(await registry.projects.get({ project: 'payments' })).toMatchObject({
      training_status: 'failed',
      training: { outcome: 'cancelled', error: 'too hot' },
    });
    await registry.training.release({ project: 'web', token });
  });

  test('claims no project twice that stalls, and ends with what failed first where it cannot go on', async () => {
    const { registry, project, loop } = await world();
    const stalls = `case $GARDENER_PROJECT_NAME in payments) exec sleep 1000;; web) exit 7;; esac; ${ADAPTER}`;
    const { code, stderr } = await loop(stalls, '--stall', '0.5').finished;
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/\ntrained 1 of 3 claimed in \d+ s; stalled: payments; failed: web\n$/),
    });
    expect(await project()).toMatchObject({
      training_status: 'failed',
      training: { error: 'stalled, and was not tried again' },
    });
    for (const name of ['web', 'api']) await registry.projects.retrain({ project: name });
    const ended = await loop('[ "$GARDENER_PROJECT_NAME" = web ] && exit 7; exit 127').finished;
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({
      code: 7,
      stderr: expect.stringMatching(/\ntrained 0 of 2 claimed in \d+ s; failed: web, api\n$/),
    });
  });

  test('says nothing of what waits where a slot was taken', async () => {
    const { registry, loop } = await world();
    const { token } = await registry.training.begin({ project: 'web', slot: 'gpu0' });
    const { code, stderr } = await loop(ADAPTER, '--slot', 'gpu0', '--wait', '0.2').finished;
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.not.stringContaining('no project waits') });
    await registry.training.release({ project: 'web', token });
  });

  test('is ended at once by a Ctrl-C, and by what no trainer can be run with', async () => {
    const { cli, registry, whenProject, loop } = await world();
    const waiting = async () => (await registry.projects.list({ status: 'not_started' })).projects.length;
    expect(await cli.run(['train', '--claim', '--loop', '--', 'no-such-trainer'])).toMatchObject({
      code: 127,
    });
    expect(await waiting()).toBe(3);
    const training = loop(`${ADAPTER}; echo 10% >&3; exec sleep 1000`);
    await whenProject(({ training: now }) => now?.progress === 0.1, 'it trains');
    training.child.kill('SIGINT');
    expect(await training.finished).toMatchObject({ code: 130, stdout: 'payments\n' });
    expect(await waiting()).toBe(3);
    expect((await loop(ADAPTER).finished).code).toBe(0);
    await registry.projects.retrain({ project: 'payments' });
    const idle = loop(ADAPTER, '--wait');
    await whenProject(({ training_status: now }) => now === 'completed', 'it waits for more');
    idle.child.kill('SIGINT');
    const { code, stderr } = await idle.finished;
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: expect.stringMatching(/^trained 1 of 1 claimed in/),
    });
  });
});
