/**
 * Leases where the disk takes a change and cannot say whether it would survive a power cut: `storage_failed` with
 * `applied`. The change stands, and who trains what follows it.
 */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { RESUME_GRACE_MS } from '../../src/services/training/leases.ts';
import { asOrdinaryUser, withMode } from '../support/store.ts';
import { begin, get, type World, world } from '../support/world.ts';

/** Runs while the data directory can be written and not read: a rename goes through, opening it to sync does not. */
async function whileUnsynced<T>({ paths }: World, run: () => Promise<T>): Promise<T> {
  const runDir = dirname(paths.socket);
  const inRun = (await readdir(runDir)).map((name) => join(runDir, name));
  const inProjects = (await readdir(paths.projectsDir, { recursive: true })).map((name) =>
    join(paths.projectsDir, name),
  );
  const ours = [
    paths.dataDir,
    paths.registryFile,
    paths.backupsDir,
    runDir,
    ...inRun,
    paths.projectsDir,
    ...inProjects,
  ];
  return await asOrdinaryUser(ours, () => withMode(paths.dataDir, 0o300, run));
}

afterEach(() => void vi.useRealTimers());

const APPLIED = { code: 1010, data: { kind: 'storage_failed', applied: true } };

describe('a lease whose beginning was applied', () => {
  test.each<[method: string, params: object]>([
    ['training.begin', { project: 'a' }],
    ['training.claim', {}],
  ])('by %s may be taken up with what came with the error', async (method, params) => {
    const here = await world(['a']);
    const { writer, connect } = here;
    const refused = await whileUnsynced(here, () => writer.refusal(method, params));
    expect(refused).toMatchObject({ ...APPLIED, data: { project: { name: 'a' } } });
    const token = Number(refused.data?.['token']);
    expect(await get(writer, 'a')).toMatchObject({ training_status: 'training', training: { token } });
    expect((await (await connect()).refusal('training.begin', { project: 'a' })).code).toBe(1006);
    await writer.call('training.resume', { project: 'a', token });
    expect(await writer.call('training.complete', { project: 'a', token })).toMatchObject({
      training_status: 'completed',
    });
  });

  test('ends as if its trainer had vanished when nobody takes it up', async () => {
    const here = await world(['a']);
    const { writer } = here;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await whileUnsynced(here, () => writer.refusal('training.begin', { project: 'a' }));
    vi.advanceTimersByTime(RESUME_GRACE_MS - 1);
    expect(await get(writer, 'a')).toMatchObject({ training_status: 'training' });
    vi.advanceTimersByTime(1);
    expect(await writer.call('training.wait', { project: 'a' })).toMatchObject({
      training_status: 'failed',
      training: { error: 'trainer disconnected', holder: null },
    });
    await begin(writer, 'a');
  });
});

describe('a lease whose end was applied is over', () => {
  test.each<[method: string, params: object, status: string]>([
    ['training.complete', {}, 'completed'],
    ['training.fail', { error: 'no GPU' }, 'failed'],
    ['training.release', {}, 'not_started'],
    ['projects.set_status', { status: 'completed' }, 'completed'],
  ])('by %s', async (method, params, status) => {
    const here = await world(['a']);
    const { writer, connect } = here;
    const trainer = await connect();
    const token = await begin(trainer, 'a');
    const held = method.startsWith('training') ? { token } : {};
    const refused = await whileUnsynced(here, () =>
      trainer.refusal(method, { project: 'a', ...held, ...params }),
    );
    expect(refused).toMatchObject(APPLIED);
    // Nobody is waited for, and nothing is written over it.
    trainer.socket.destroy();
    expect(await writer.call('training.wait', { project: 'a', wait_ms: 5_000 })).toMatchObject({
      training_status: status,
    });
    expect((await writer.refusal('training.resume', { project: 'a', token })).code).toBe(1007);
    await begin(writer, 'a');
  });
});

test('a change that was refused is not called applied because its neighbours are', async () => {
  const here = await world(['a']);
  const { writer } = here;
  const answers = await whileUnsynced(here, async () => {
    writer.send([
      { jsonrpc: '2.0', id: 1, method: 'projects.touch', params: { project: 'a' } },
      { jsonrpc: '2.0', id: 2, method: 'projects.touch', params: { project: 'nobody' } },
    ]);
    return await writer.next<{ error: object }[]>();
  });
  expect(answers).toMatchObject([
    { id: 1, error: APPLIED },
    { id: 2, error: { code: 1010, data: { applied: false } } },
  ]);
});
