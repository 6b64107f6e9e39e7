/** `gardener train --slot`: trainers that share what is only there once or twice. */
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { Running } from '../../support/cli.ts';
import { type Trainable, trainable } from '../../support/trainer.ts';
import { until } from '../../support/until.ts';

/** Says which slot it has, and waits for a file of its project's name. */
const WORKS =
  'echo "$GARDENER_SLOT"; while kill -0 $PPID 2> /dev/null && [ ! -e "$HOME/$GARDENER_PROJECT_NAME" ]; do sleep 0.02; done';

interface World extends Trainable {
  /** Starts a trainer in a slot of these, which says which it has. */
  start(project: string, slot: string, ...flags: string[]): Running;
  /** Ends a trainer. */
  end(project: string): Promise<unknown>;
  /** Waits for a trainer to have a slot. */
  hasSlot(running: Running, slot: string): Promise<unknown>;
}

/** Projects `payments`, `web` and `api`. */
async function world(): Promise<World> {
  const here = await trainable();
  const { cli } = here;
  for (const name of ['web', 'api']) await cli.json(['add', 'src/payments', '--name', name]);
  return {
    ...here,
    start: (project, slot, ...flags) =>
      cli.start(['train', project, '--slot', slot, ...flags, '--', 'sh', '-c', WORKS], {
        env: { GARDENER_SLOT: 'of a trainer around' },
      }),
    end: (project) => cli.codebase('.', { [project]: '' }),
    hasSlot: (running, slot) => until(() => running.output.stdout === `${slot}\n`, `a trainer has ${slot}`),
  };
}

/** Waits for what was told of the slots that it waits for. */
function told(running: Running, ...times: readonly RegExp[]): Promise<unknown> {
  return until(
    () => {
      const lines = running.output.stderr.match(/^waiting for a slot: .*$/gm) ?? [];
      return lines.length === times.length && times.every((pattern, n) => pattern.test(String(lines[n])));
    },
    `it waits for ${times.map(String).join(', then for ')}`,
  );
}

/** What is told of a slot that a trainer has. */
const used = (slot: string, project: string, { child: { pid } }: Running) =>
  `${slot} is used by sh for "${project}" \\(process ${pid}\\)`;

describe('a trainer with --slot', () => {
  test('waits for who has it, says so once, and then finds it in its environment', async () => {
    const { start, end, hasSlot, project, cli } = await world();
    const first = start('payments', 'gpu0');
    await hasSlot(first, 'gpu0');
    expect(await project()).toMatchObject({ training: { slot: 'gpu0' } });
    expect((await cli.run(['show', 'payments'])).stdout).toMatch(/training +sh, slot gpu0\n/);
    const second = start('web', 'gpu0', '--json');
    await told(second, new RegExp(`^waiting for a slot: ${used('gpu0', 'payments', first)}$`));
    await end('payments');
    expect((await first.finished).code).toBe(0);
    await until(() => second.output.stderr.includes('gpu0\n'), 'the second has the slot');
    await end('web');
    const { code, stdout } = await second.finished;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'completed', project: { name: 'web' } });
  });

  test('takes the first of several that is free, says who has all of them, and says it again when they change', async () => {
    const { start, end, hasSlot } = await world();
    const first = start('payments', 'gpu1', '--slot', 'gpu0');
    await hasSlot(first, 'gpu1');
    const second = start('web', 'gpu1,gpu0');
    await hasSlot(second, 'gpu0');
    const third = start('api', 'gpu0, gpu1,gpu0');
    const before = `${used('gpu0', 'web', second)}, ${used('gpu1', 'payments', first)}$`;
    await told(third, new RegExp(before));
    await end('payments');
    await hasSlot(third, 'gpu1');
    await end('web');
    expect((await second.finished).code).toBe(0);
    // Out of two only one is left, and another one waits for it.
    const again = start('payments', 'gpu1', '--force');
    await told(again, new RegExp(used('gpu1', 'api', third)));
    await end('api');
    expect((await third.finished).code).toBe(0);
    expect((await again.finished).stdout).toBe('gpu1\n');
  });

  test('says it again when another one has the slot that it waits for', { timeout: 120_000 }, async () => {
    const { start, end, hasSlot } = await world();
    const first = start('payments', 'gpu0');
    await hasSlot(first, 'gpu0');
    const second = start('web', 'gpu0');
    await told(second, new RegExp(used('gpu0', 'payments', first)));
    const third = start('api', 'gpu0');
    await told(third, new RegExp(used('gpu0', 'payments', first)));
    await end('payments');
    await hasSlot(second, 'gpu0');
    await told(third, new RegExp(used('gpu0', 'payments', first)), new RegExp(used('gpu0', 'web', second)));
    await end('web');
    await hasSlot(third, 'gpu0');
    await end('api');
    expect((await third.finished).code).toBe(0);
  });

  test('has none in its environment where none was asked for', async () => {
    const { cli } = await world();
    const words = ['train', 'payments', '--', 'sh', '-c', 'echo "${GARDENER_SLOT-none}"'];
    const { stdout } = await cli.run(words, { env: { GARDENER_SLOT: 'of a trainer around' } });
    expect(stdout).toBe('none\n');
  });

  test('waits no longer than it is told to', async () => {
    const { start, hasSlot } = await world();
    const first = start('payments', 'gpu0');
    await hasSlot(first, 'gpu0');
    const { code, stdout, stderr } = await start('web', 'gpu0', '--wait', '0.2', '--json').finished;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 1016, data: { kind: 'slot_taken' } } });
    expect(stderr).toMatch(/^waiting for a slot: .*\n.*cannot take the slot "gpu0": .*\ntry: .*\n$/);
  });

  test('claims what waits, in a slot; with nothing to train it does not wait for one', async () => {
    const { cli, start, end, hasSlot } = await world();
    const claim = (...flags: string[]): Running =>
      cli.start(['train', '--claim', '--slot', 'gpu0', ...flags, '--', 'sh', '-c', WORKS]);
    const first = start('payments', 'gpu0');
    await hasSlot(first, 'gpu0');
    const claims = [claim(), claim()];
    for (const running of claims) await told(running, new RegExp(used('gpu0', 'payments', first)));
    for (const name of ['web', 'api', 'payments']) await end(name);
    for (const { finished } of claims) expect(await finished).toMatchObject({ code: 0, stdout: 'gpu0\n' });
    expect(await claim().finished).toMatchObject({ code: 4, stderr: 'no project waits for training\n' });
    expect(await claim('--wait', '0.1').finished).toMatchObject({ code: 4, stdout: '' });
  });

  test('that is interrupted while it waits leaves its place to others, and nothing behind', async () => {
    const { start, end, hasSlot, registry } = await world();
    const first = start('payments', 'gpu0');
    await hasSlot(first, 'gpu0');
    const second = start('web', 'gpu0');
    await told(second, /gpu0/);
    const third = start('api', 'gpu0');
    await told(third, /gpu0/);
    second.child.kill('SIGINT');
    expect((await second.finished).code).toBe(130);
    await end('payments');
    await hasSlot(third, 'gpu0');
    expect(await registry.projects.get({ project: 'web' })).toMatchObject({ training_status: 'not_started' });
    await end('api');
    expect((await third.finished).code).toBe(0);
  });

  test('waits on while the daemon is restarted', async () => {
    const { cli, start, end, hasSlot } = await world();
    const first = start('payments', 'gpu0');
    await hasSlot(first, 'gpu0');
    const second = start('web', 'gpu0');
    await told(second, /gpu0/);
    await cli.run(['daemon', 'restart']);
    await end('payments');
    expect((await first.finished).code).toBe(0);
    await hasSlot(second, 'gpu0');
    await end('web');
    expect((await second.finished).code).toBe(0);
  });

  test('waits on where a lease of its own stands that it never heard of, until that is over', async () => {
    const { start, end, hasSlot, registry } = await world();
    const first = start('payments', 'gpu0');
    await hasSlot(first, 'gpu0');
    const second = start('web', 'gpu0');
    await told(second, /gpu0/);
    // As if the daemon had begun it and been killed before it answered.
    const holder = { name: 'sh', pid: Number(second.child.pid) };
    const { token } = await registry.training.begin({ project: 'web', holder });
    await end('payments');
    expect((await first.finished).code).toBe(0);
    const { project } = await registry.training.begin({ project: 'api', slot: 'gpu0', wait_ms: 20_000 });
    expect(second.child.exitCode).toBeNull();
    for (const held of [
      { project: 'web', token },
      { project: 'api', token: Number(project.training?.token) },
    ])
      await registry.training.release(held);
    await hasSlot(second, 'gpu0');
    await end('web');
    expect((await second.finished).code).toBe(0);
  });

  test('cannot use what is no slot', async () => {
    const { start } = await world();
    for (const [slot, why] of [
      ['', 'the name of a slot is empty'],
      ['gpu0,/dev/nvidia0', 'looks like a path'],
    ] as const) {
      const { code, stderr } = await start('payments', slot).finished;
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(why) });
    }
  });
});

test('a trainer that is killed while it waits takes no slot', async () => {
  const { start, end, hasSlot } = await world();
  const first = start('payments', 'gpu0');
  await hasSlot(first, 'gpu0');
  const second = start('web', 'gpu0');
  await told(second, /gpu0/);
  second.child.kill('SIGKILL');
  await once(second.child, 'close');
  await end('payments');
  expect((await first.finished).code).toBe(0);
  const third = start('api', 'gpu0');
  await hasSlot(third, 'gpu0');
  await end('api');
  expect((await third.finished).code).toBe(0);
});
