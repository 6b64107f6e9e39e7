/** Trainers that vanish, come back, or are in the way: leases with a real daemon, through restarts and edits. */
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { RESUME_GRACE_MS } from '../../../src/services/training/leases.ts';
import { brief } from '../../support/events.ts';
import type { LineClient } from '../../support/lines.ts';
import { until } from '../../support/until.ts';
import { begin, get, request, world } from '../../support/world.ts';

const isGone = async (writer: LineClient, connections: number) =>
  await until(
    async () => (await writer.call('daemon.status'))['connections'] === connections,
    'the connection is gone',
  );

describe('a trainer whose connection ends', () => {
  test('goes on with another one, where it was', async () => {
    const { writer, connect } = await world(['a']);
    const trainer = await connect();
    const token = await begin(trainer, 'a', { holder: { name: 'lora' } });
    await trainer.call('training.progress', { project: 'a', token, phase: 'epochs', progress: 0.5 });
    trainer.socket.destroy();
    await isGone(writer, 1);
    // Until then it is everybody else's as little as before.
    const refused = await writer.refusal('training.begin', { project: 'a' });
    expect(refused.data).toMatchObject({ kind: 'lease_held', holder: { name: 'lora' } });
    expect(await writer.call('training.claim')).toBeNull();

    const again = await connect();
    const resumed = await again.call('training.resume', { project: 'a', token });
    expect(resumed).toMatchObject({ token, project: await get(writer, 'a') });
    expect(resumed['project']).toMatchObject({ training: { phase: 'epochs', progress: 0.5 } });
    await again.call('training.complete', { project: 'a', token });
  });

  test('may have it taken by another connection while it still has one', async () => {
    const { writer, connect } = await world(['a']);
    const [first, second] = [await connect(), await connect()];
    const token = await begin(first, 'a');
    await second.call('training.resume', { project: 'a', token });
    // It is the second's now: only that one may set the status.
    const status = { project: 'a', status: 'failed' };
    expect((await first.refusal('projects.set_status', status)).code).toBe(1006);
    await second.call('projects.set_status', status);
    expect(await writer.call('training.wait', { project: 'a' })).toMatchObject({ training_status: 'failed' });
  });

  // The only test that takes the real time, and all that take it together.
  test(`and that does not come back within ${RESUME_GRACE_MS / 1000} s has failed`, async () => {
    const lost = { training_status: 'failed', training: { error: 'trainer disconnected', holder: null } };
    await Promise.all([vanishes(), vanishesInACall(), vanishesInARestart()]);

    async function vanishes(): Promise<void> {
      const { writer, connect, watch } = await world(['a']);
      const subscriber = await watch();
      const [trainer, other] = [await connect(), await connect()];
      const token = await begin(trainer, 'a');
      await trainer.call('training.progress', { project: 'a', token, progress: 0.5 });
      const start = performance.now();
      trainer.socket.destroy();
      const claimed = other.call('training.claim', { wait_ms: 60_000 });
      expect(await writer.call('training.wait', { project: 'a' })).toMatchObject(lost);
      expect(performance.now() - start).toBeGreaterThan(RESUME_GRACE_MS - 10);
      const next = await claimed;
      expect(next).toMatchObject({ project: { training: { attempt: 2, progress: null } } });
      expect(next['token']).toBeGreaterThan(token);
      expect((await writer.refusal('training.resume', { project: 'a', token })).code).toBe(1007);
      expect((await subscriber.take(3)).map(brief)).toEqual(['training a', 'training a', 'training a']);
    }

    async function vanishesInACall(): Promise<void> {
      const { writer, connect } = await world(['a', 'b']);
      await begin(writer, 'b');
      const trainer = await connect();
      await begin(trainer, 'a');
      trainer.send(request(1, 'training.wait', { project: 'b', wait_ms: 60_000 }));
      await trainer.ask('daemon.ping');
      trainer.socket.destroy();
      expect(await writer.call('training.wait', { project: 'a' })).toMatchObject(lost);
    }

    async function vanishesInARestart(): Promise<void> {
      const before = await world(['a', 'b']);
      await begin(before.writer, 'a');
      const token = await begin(before.writer, 'b');
      const { writer } = await before.restart();
      await writer.call('training.resume', { project: 'b', token });
      expect(await writer.call('training.wait', { project: 'a' })).toMatchObject(lost);
      expect(await get(writer, 'b')).toMatchObject({ training_status: 'training', training: { token } });
    }
  });
});

describe('a trainer that asked to be missed', () => {
  test('has failed when it does not report for so long', async () => {
    const { writer, watch } = await world(['a']);
    const subscriber = await watch();
    const token = await begin(writer, 'a', { stall_ms: 50 });
    const failed = await writer.call('training.wait', { project: 'a' });
    expect(failed).toMatchObject({ training_status: 'failed', training: { error: 'stalled', holder: null } });
    expect((await writer.refusal('training.progress', { project: 'a', token })).code).toBe(1007);
    expect((await subscriber.take(2)).map(brief)).toEqual(['training a', 'training a']);
  });

  test('is missed by the next daemon too', async () => {
    const before = await world(['a']);
    const token = await begin(before.writer, 'a', { stall_ms: 1_000 });
    const { writer } = await before.restart();
    await writer.call('training.resume', { project: 'a', token });
    const failed = await writer.call('training.wait', { project: 'a' });
    expect(failed).toMatchObject({ training: { error: 'stalled' } });
    expect(Object.keys(failed['training'] ?? {})).not.toContain('stall_ms');
  });
});

describe('after a restart of the daemon', () => {
  test('a trainer resumes with its token, and nobody gets the project before', async () => {
    const before = await world(['a']);
    const token = await begin(before.writer, 'a', { holder: { name: 'lora', pid: 7 } });
    await before.writer.call('training.progress', { project: 'a', token, phase: 'epochs', progress: 0.5 });
    const { writer, connect } = await before.restart();
    expect(await get(writer, 'a')).toMatchObject({
      training_status: 'training',
      training: { token, phase: 'epochs', progress: 0.5, holder: { name: 'lora', pid: 7 } },
    });
    expect((await writer.refusal('training.begin', { project: 'a' })).message).toContain(
      'lora is training it under the lease of process 7',
    );
    expect(await writer.call('training.claim')).toBeNull();
    expect((await writer.refusal('training.resume', { project: 'a', token: token + 1 })).code).toBe(1007);
    const trainer = await connect();
    await trainer.call('training.resume', { project: 'a', token });
    await trainer.call('training.complete', { project: 'a', token });
  });

  test('releasing puts back what was before the lease of the earlier daemon', async () => {
    const before = await world(['a']);
    const { retrain_requested } = await before.writer.call('projects.retrain', { project: 'a', reason: 'x' });
    const token = await begin(before.writer, 'a');
    const { writer } = await before.restart();
    expect(await writer.call('training.release', { project: 'a', token })).toMatchObject({
      training_status: 'not_started',
      retrain_requested,
    });
  });

  test('a lease may be taken by force', async () => {
    const before = await world(['a']);
    const token = await begin(before.writer, 'a');
    const { writer } = await before.restart();
    expect(await begin(writer, 'a', { force: true })).toBeGreaterThan(token);
  });
});

describe('while somebody trains a project', () => {
  test('others may not say how it stands, remove it or ask for training', async () => {
    const { writer, connect } = await world(['a']);
    await begin(writer, 'a', { holder: { name: 'lora' } });
    const other = await connect();
    for (const [method, params] of [
      ['projects.set_status', { status: 'completed' }],
      ['projects.remove', {}],
      ['projects.retrain', {}],
    ] as const) {
      const { code, data } = await other.refusal(method, { project: 'a', ...params });
      expect([method, code, data?.['holder']]).toEqual([method, 1006, { name: 'lora' }]);
    }
    // To remove what it trains itself, or to ask for it again, makes no more sense.
    expect((await writer.refusal('projects.remove', { project: 'a' })).code).toBe(1006);
    expect((await writer.refusal('projects.retrain', { project: 'a' })).code).toBe(1006);
  });

  test('others may change, use and activate it, and the lease goes on', async () => {
    const { writer, connect } = await world(['a', 'b']);
    const token = await begin(writer, 'b');
    const other = await connect();
    await other.call('projects.update', { project: 'b', name: 'c', metadata: { x: 1 } });
    await other.call('projects.touch', { project: 'c' });
    await other.call('projects.activate', { project: 'c' });
    expect(await writer.call('training.complete', { project: 'c', token, metadata: { y: 2 } })).toMatchObject(
      {
        training_status: 'completed',
        metadata: { x: 1, y: 2 },
      },
    );
  });

  test('it may be removed by force, and the trainer is told with its next word', async () => {
    const { writer, connect } = await world(['a', 'b']);
    const token = await begin(writer, 'a');
    await (await connect()).call('projects.remove', { project: 'a', force: true });
    expect((await writer.refusal('training.progress', { project: 'a', token })).code).toBe(1001);
  });

  test('the trainer itself may say how it ended, and that ends the lease', async () => {
    const { writer } = await world(['a']);
    const token = await begin(writer, 'a');
    await writer.call('projects.set_status', { project: 'a', status: 'training' });
    await writer.call('training.progress', { project: 'a', token, progress: 0.5 });
    await writer.call('projects.set_status', { project: 'a', status: 'failed', error: 'no GPU' });
    expect(await get(writer, 'a')).toMatchObject({
      training_status: 'failed',
      training: { token, holder: null, error: 'no GPU' },
    });
    expect((await writer.refusal('training.progress', { project: 'a', token })).code).toBe(1007);
    await begin(writer, 'a');
  });

  test('a status that somebody wrote into the file does not end the lease', async () => {
    const { writer, paths } = await world(['a']);
    const token = await begin(writer, 'a');
    const text = await readFile(paths.registryFile, 'utf8');
    await writeFile(
      paths.registryFile,
      text.replace('"training_status": "training"', '"training_status": "failed"'),
    );
    await writer.call('registry.reload');
    expect((await writer.refusal('training.begin', { project: 'a' })).code).toBe(1006);
    expect(await writer.call('training.complete', { project: 'a', token })).toMatchObject({
      training_status: 'completed',
    });
  });
});
