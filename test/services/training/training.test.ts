/** The methods of `training.*`, one by one. Who gets what when many want it is in `claims.test.ts`. */
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test, vi } from 'vitest';

import type * as atomicFile from '../../../src/store/file/atomic-file.ts';
import { begin, get, request, world } from '../../support/world.ts';

/** While it is set, nothing can be written. */
const disk = vi.hoisted(() => ({ full: false }));
vi.mock('../../../src/store/file/atomic-file.ts', async (original) => {
  const real = await original<typeof atomicFile>();
  return {
    ...real,
    async stage(path: string, bytes: Buffer) {
      if (disk.full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      return await real.stage(path, bytes);
    },
  };
});

async function whileFull<T>(run: () => Promise<T>): Promise<T> {
  disk.full = true;
  try {
    return await run();
  } finally {
    disk.full = false;
  }
}

describe('training.begin', () => {
  test('gives a token and the project, which is training', async () => {
    const { writer } = await world(['a']);
    const lease = await writer.call('training.begin', { project: 'A', holder: { name: 'lora', pid: 7 } });
    expect(lease).toMatchObject({
      token: expect.any(Number) as number,
      project: {
        name: 'a',
        training_status: 'training',
        training: {
          token: lease['token'],
          holder: { name: 'lora', pid: 7 },
          attempt: 1,
          cancel_requested: false,
        },
      },
    });
    expect(await get(writer, 'a')).toEqual(lease['project']);
  });

  test('names as the holder whoever said hello, unless told otherwise', async () => {
    const { writer, add } = await world(['a']);
    await writer.call('daemon.hello', { client: { name: 'trainer', version: '2.0', pid: 11 } });
    const holder = async (params: object) =>
      (await writer.call('training.begin', params))['project']?.['training']?.['holder'];
    expect(await holder({ project: 'a' })).toEqual({ name: 'trainer/2.0', pid: 11 });
    await add('b');
    expect(await holder({ project: 'b', holder: { name: 'x' } })).toEqual({ name: 'x', pid: 11 });
  });

  test('of a project that is being trained is refused and says who trains it', async () => {
    const { writer, connect } = await world(['a']);
    await begin(writer, 'a', { holder: { name: 'lora', pid: 7 } });
    for (const peer of [await connect(), writer]) {
      const { code, message, data } = await peer.refusal('training.begin', { project: 'a' });
      expect(code).toBe(1006);
      expect(message).toContain('lora is training it under the lease of process 7');
      expect(data).toMatchObject({
        kind: 'lease_held',
        holder: { name: 'lora', pid: 7 },
        project: { name: 'a' },
      });
    }
  });

  test('by force takes the lease, and the one before is worth nothing', async () => {
    const { writer, connect } = await world(['a']);
    const token = await begin(writer, 'a');
    const thief = await connect();
    const stolen = await begin(thief, 'a', { force: true, holder: { name: 'thief' } });
    expect(stolen).toBeGreaterThan(token);
    for (const [method, params] of [
      ['training.progress', { phase: 'x' }],
      ['training.complete', {}],
      ['training.fail', { error: 'x' }],
      ['training.release', {}],
      ['training.resume', {}],
    ] as const) {
      const { code, data } = await writer.refusal(method, { project: 'a', token, ...params });
      expect([method, code, data?.['holder']]).toEqual([method, 1007, { name: 'thief' }]);
    }
    expect(await thief.call('training.complete', { project: 'a', token: stolen })).toMatchObject({
      training_status: 'completed',
    });
  });

  test('clears a request to train, and release puts it and the status back', async () => {
    const { writer } = await world(['a']);
    await writer.call('projects.set_status', { project: 'a', status: 'completed' });
    const wanted = await writer.call('projects.retrain', { project: 'a', reason: 'new base model' });
    const token = await begin(writer, 'a');
    expect((await get(writer, 'a'))['retrain_requested']).toBeNull();
    const released = await writer.call('training.release', { project: 'a', token });
    expect(released).toMatchObject({
      training_status: 'not_started',
      retrain_requested: wanted['retrain_requested'],
      training: { token, holder: null },
    });
  });

  test('of a project that the Python module marked as training is possible', async () => {
    const { writer } = await world(['a']);
    await writer.call('projects.set_status', { project: 'a', status: 'training' });
    const codes = async () => {
      const { issues } = await writer.call('registry.validate');
      return (issues as unknown as { code: string }[]).map(({ code }) => code);
    };
    expect(await codes()).toContain('training_stale');
    const token = await begin(writer, 'a');
    expect(await codes()).not.toContain('training_stale');
    const released = await writer.call('training.release', { project: 'a', token });
    expect(released['training_status']).toBe('training');
    expect(await codes()).toContain('training_stale');
  });
});

describe('a token is asked for by', () => {
  const methods = [
    ['training.progress', { progress: 0.5 }],
    ['training.complete', {}],
    ['training.fail', { error: 'out of memory' }],
    ['training.release', {}],
    ['training.resume', {}],
  ] as const;

  test.each(methods)('%s, which refuses any other and any without a lease', async (method, params) => {
    const { writer, connect } = await world(['a']);
    expect((await writer.refusal(method, { project: 'a', token: 0, ...params })).code).toBe(1007);
    const token = await begin(writer, 'a', { holder: { name: 'lora' } });
    const other = await connect();
    for (const wrong of [0, token + 1]) {
      const { code, data } = await other.refusal(method, { project: 'a', token: wrong, ...params });
      expect(code).toBe(1007);
      expect(data).toMatchObject({ kind: 'lease_lost', holder: { name: 'lora' }, project: { name: 'a' } });
    }
    expect(await get(writer, 'a')).toMatchObject({ training_status: 'training', training: { token } });
    await writer.call('training.release', { project: 'a', token });
    expect((await writer.refusal(method, { project: 'a', token, ...params })).code).toBe(1007);
  });

  test.each([...methods, ['training.begin', {}], ['training.cancel', {}], ['training.wait', {}]] as const)(
    '%s only after the project was found',
    async (method, params) => {
      const { writer, codebase } = await world(['a']);
      const source_path = await codebase('a');
      await writer.call('projects.register', { name: 'b', source_path });
      const needed = method === 'training.begin' || method.endsWith('cancel') || method.endsWith('wait');
      const rest = needed ? params : { token: 1, ...params };
      expect((await writer.refusal(method, { project: 'nobody', ...rest })).code).toBe(1001);
      expect((await writer.refusal(method, { project: source_path, ...rest })).code).toBe(1008);
    },
  );

  test.each([
    ['training.progress', 'progress', { progress: 1.5 }],
    ['training.progress', 'progress', { progress: -0.1 }],
    ['training.progress', 'phase', { phase: 'x'.repeat(101) }],
    ['training.progress', 'details', { details: [1] }],
    ['training.progress', 'details', { details: { text: 'x'.repeat(4096) } }],
    ['training.progress', 'percent', { percent: 5 }],
    ['training.complete', 'file_count', { file_count: -1 }],
    ['training.complete', 'lora_adapter_path', { lora_adapter_path: 'relative/path' }],
    ['training.complete', 'metadata', { metadata: { text: 'x'.repeat(16 * 1024) } }],
    ['training.fail', 'error', {}],
    ['training.fail', 'details', { error: 'x', details: { text: 'x'.repeat(4096) } }],
  ])('%s, which refuses a bad %s and leaves the lease', async (method, path, params) => {
    const { writer } = await world(['a']);
    const token = await begin(writer, 'a');
    const { code, data } = await writer.refusal(method, { project: 'a', token, ...params });
    expect(code).toBe(-32602);
    expect(data).toMatchObject({ issues: [{ path }] });
    await writer.call('training.release', { project: 'a', token });
  });
});

describe('the end of training', () => {
  test('well brings the results in', async () => {
    const { writer } = await world(['a']);
    await writer.call('projects.update', { project: 'a', metadata: { keep: 1, drop: 2 } });
    const token = await begin(writer, 'a');
    await writer.call('training.progress', { project: 'a', token, progress: 0.9, message: 'saving' });
    const results = {
      file_count: 12,
      lora_adapter_path: '/models/a.bin',
      metadata: { drop: null, loss: 0.1 },
    };
    const done = await writer.call('training.complete', { project: 'a', token, ...results });
    expect(done).toMatchObject({
      training_status: 'completed',
      file_count: 12,
      lora_adapter_path: '/models/a.bin',
      metadata: { keep: 1, loss: 0.1 },
      training: { token, progress: 1, message: 'saving', holder: null, error: null },
    });
    expect(done['last_trained']).toBe(done['last_updated']);
    expect(await get(writer, 'a')).toEqual(done);
  });

  test('in failure says why', async () => {
    const { writer } = await world(['a']);
    const token = await begin(writer, 'a');
    const error = { error: 'out of memory', details: { needed: '24 GB' } };
    expect(await writer.call('training.fail', { project: 'a', token, ...error })).toMatchObject({
      training_status: 'failed',
      training: { token, ...error, holder: null },
    });
  });

  test('that cannot be written down leaves the lease, and may be said again', async () => {
    const { writer } = await world(['a']);
    const token = await begin(writer, 'a');
    for (const [method, params] of [
      ['training.complete', {}],
      ['training.fail', { error: 'x' }],
      ['training.release', {}],
    ] as const) {
      const refused = await whileFull(() => writer.refusal(method, { project: 'a', token, ...params }));
      expect([method, refused.code]).toEqual([method, 1010]);
    }
    expect((await writer.refusal('training.begin', { project: 'a' })).code).toBe(1006);
    await writer.call('training.complete', { project: 'a', token });
  });

  test('waits for an invalid file to be mended, as beginning does', async () => {
    const { writer, paths, add } = await world(['a']);
    await add('b');
    const token = await begin(writer, 'a');
    const good = await readFile(paths.registryFile);
    await writeFile(paths.registryFile, 'oops');
    expect((await writer.refusal('training.complete', { project: 'a', token })).code).toBe(1009);
    expect((await writer.refusal('training.begin', { project: 'b' })).code).toBe(1009);
    expect((await writer.refusal('training.claim')).code).toBe(1009);
    await writeFile(paths.registryFile, good);
    await writer.call('registry.reload');
    await writer.call('training.complete', { project: 'a', token });
    await begin(writer, 'b');
  });
});

describe('training.cancel', () => {
  test('asks the holder to stop, and the holder releases', async () => {
    const { writer, watch, connect } = await world(['a']);
    const token = await begin(writer, 'a');
    const subscriber = await watch({ project: 'a' });
    const asked = await (await connect()).call('training.cancel', { project: 'a', reason: 'it gets late' });
    expect(asked).toMatchObject({ training_status: 'training', training: { token, cancel_requested: true } });
    expect(await subscriber.take(1)).toMatchObject([
      { type: 'training', project: { training: { cancel_requested: true } } },
    ]);
    await writer.call('training.progress', { project: 'a', token, progress: 0.5 });
    expect((await get(writer, 'a'))['training']).toMatchObject({ cancel_requested: true, progress: 0.5 });
    const released = await writer.call('training.release', { project: 'a', token });
    expect(released).toMatchObject({ training_status: 'not_started', training: { cancel_requested: false } });
  });

  test('where nobody trains changes nothing', async () => {
    const { writer } = await world(['a']);
    const before = await get(writer, 'a');
    expect(await writer.call('training.cancel', { project: 'a' })).toEqual(before);
    expect(await get(writer, 'a')).toEqual(before);
  });
});

describe('training.wait', () => {
  test('answers at once where nobody trains', async () => {
    const { writer } = await world(['a']);
    expect(await writer.call('training.wait', { project: 'a' })).toEqual(await get(writer, 'a'));
  });

  test.each([
    ['training.complete', {}, 'completed'],
    ['training.fail', { error: 'x' }, 'failed'],
    ['training.release', {}, 'not_started'],
  ])('answers once %s was called', async (method, params, status) => {
    const { writer, connect } = await world(['a']);
    const token = await begin(writer, 'a');
    const waiting = (await connect()).call('training.wait', { project: 'a' });
    await writer.call('training.progress', { project: 'a', token, phase: 'x' });
    const answer: Record<string, unknown> = await writer.call(method, { project: 'a', token, ...params });
    const { warnings: _none, ...ended } = answer;
    expect(await waiting).toEqual(ended);
    expect(ended['training_status']).toBe(status);
  });

  test('gives null when the time is up', async () => {
    const { writer } = await world(['a']);
    await begin(writer, 'a');
    expect(await writer.call('training.wait', { project: 'a', wait_ms: 0 })).toBeNull();
    expect(await writer.call('training.wait', { project: 'a', wait_ms: 30 })).toBeNull();
  });

  test('ends when the project is removed', async () => {
    const { writer, connect } = await world(['a']);
    await begin(writer, 'a');
    const waiting = (await connect()).refusal('training.wait', { project: 'a' });
    await writer.call('projects.remove', { project: 'a', force: true });
    expect((await waiting).code).toBe(1001);
  });

  test('ends when the daemon drains', async () => {
    const { writer, connect, daemon } = await world(['a']);
    await begin(writer, 'a');
    const peer = await connect();
    const waiting = peer.refusal('training.wait', { project: 'a' });
    await peer.ask('daemon.ping');
    peer.send(request(1, 'daemon.shutdown'));
    expect((await waiting).code).toBe(1011);
    await daemon.stopped;
  });
});
