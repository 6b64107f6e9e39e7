/** `registry.training.run`, with a daemon in this process. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  CancelledError,
  type Client,
  connect,
  OutputError,
  type Project,
  type TrainingLease,
} from '../../../client/index.ts';
import type { Context } from '../../../client/cli/context.ts';
import { type Outcome, tellEnd } from '../../../client/cli/train/end.ts';
import { HeldLease } from '../../../client/training/held.ts';
import * as sync from '../../../client/output/sync.ts';
import { begin, world, type World } from '../../support/world.ts';
import { until } from '../../support/until.ts';
import { methods } from '../../../src/protocol/methods.ts';
import { standIn } from '../stand-in.ts';
import { reasonOf } from '../support.ts';

interface Trainers {
  readonly client: Client;
  readonly here: World;
  readonly told: string[];
  /** A project as it is now. */
  project(name?: string): Promise<Project>;
}

async function trainers(names: readonly string[] = ['a']): Promise<Trainers> {
  const here = await world(names);
  const told: string[] = [];
  const onWarning = (message: string): void => void told.push(message);
  const client = await connect({ socket: here.paths.socket, autoStart: false, onWarning });
  onTestFinished(() => client.close());
  return { client, here, told, project: (name = 'a') => client.projects.get({ project: name }) };
}

/** Work that does not end before it is told to, and then throws why. */
const untilStopped = ({ signal }: TrainingLease): Promise<never> =>
  new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
  });

describe('work that ends well', () => {
  test('completes with what it returns, which is what the caller gets', async () => {
    const { client, told, project } = await trainers();
    const value = await client.training.run({ project: 'A' }, async (lease) => {
      expect(lease).toMatchObject({ project: { name: 'a', training_status: 'training' }, slot: undefined });
      await writeFile(lease.output.lora_adapter_path, 'weights');
      lease.report({ progress: 0.4, phase: 'training' });
      lease.report({ message: 'half', details: { loss: NaN, step: 7 }, progress: undefined });
      return {
        metadata: { loss: 0.2, best: Infinity },
        vector_store_path: 'vectors',
        model: 'for the caller',
      };
    });
    expect(value).toEqual({
      metadata: { loss: 0.2, best: Infinity },
      vector_store_path: 'vectors',
      model: 'for the caller',
    });
    expect(await project()).toMatchObject({
      training_status: 'completed',
      metadata: { loss: 0.2 },
      vector_store_path: join(process.cwd(), 'vectors'),
      training: { phase: 'training', message: 'half', details: { step: 7 } },
    });
    expect(told).toEqual([
      'training of a: details.loss is NaN or infinite, which JSON cannot carry; it was left out',
      'training of a: metadata.best is NaN or infinite, which JSON cannot carry; it was left out',
    ]);
  });

  test.each([[undefined], [42], ['text'], [null]])('with %j completes, too', async (value) => {
    const { client, project } = await trainers();
    expect(await client.training.run({ project: 'a' }, () => value, { onWarning: () => undefined })).toBe(
      value,
    );
    expect(await project()).toMatchObject({ training_status: 'completed' });
  });

  test('on two projects at once is two trainings', async () => {
    const { client, project } = await trainers(['a', 'b']);
    let [started, go] = [0, (): void => undefined];
    const both = new Promise<void>((resolve) => (go = resolve));
    const work = async (lease: TrainingLease): Promise<number> => {
      if ((started += 1) === 2) go();
      await both;
      return lease.token;
    };
    const onWarning = (): void => undefined;
    const names = ['a', 'b'];
    const tokens = await Promise.all(
      names.map((name) => client.training.run({ project: name }, work, { onWarning })),
    );
    const done = await Promise.all(names.map(project));
    expect(done.map(({ training_status: status, training }) => [status, training?.token])).toEqual(
      tokens.map((token) => ['completed', token]),
    );
  });

  test('is heard of after a restart of the daemon, silent as it was', async () => {
    const { client, here, project } = await trainers();
    const before = client.hello.epoch;
    const status = await client.training.run(
      { project: 'a' },
      async ({ token }) => {
        const { log } = await here.restart();
        await until(() => log.some(({ msg }) => msg === 'resumed a lease'), 'the lease is resumed');
        const { training, training_status } = await project();
        expect(training?.token).toBe(token);
        return training_status;
      },
      { onWarning: () => undefined },
    );
    expect(status).toBe('training');
    expect(client.hello.epoch).not.toBe(before);
    expect(await project()).toMatchObject({ training_status: 'completed' });
  });
});

describe('work that throws', () => {
  test.each([
    [new TypeError('no such file'), 'TypeError: no such file'],
    ['a text', 'a text'],
    [undefined, 'undefined'],
  ])('fails the training: %j', async (thrown, error) => {
    const { client, project } = await trainers();
    const work = async (): Promise<void> => {
      await Promise.resolve();
      // What a library throws need be no error.
      throw thrown as Error;
    };
    const run = client.training.run({ project: 'a' }, work).then(
      () => 'nothing is thrown',
      (reason: unknown) => ({ reason }),
    );
    expect(await run).toEqual({ reason: thrown });
    expect(await project()).toMatchObject({
      training_status: 'failed',
      training: { error, outcome: 'failed' },
    });
  });

  test('fails nothing where the lease was not to be had', async () => {
    const { client, here } = await trainers();
    await begin(here.writer, 'a');
    const work = vi.fn(() => undefined);
    expect(await reasonOf(client.training.run({ project: 'a' }, work))).toMatchObject({ kind: 'lease_held' });
    expect(work).not.toHaveBeenCalled();
  });

  test('because the disk refuses what it made has failed', async () => {
    const { client, project } = await trainers();
    const fault = Object.assign(new Error('EIO'), { code: 'EIO' });
    const spy = vi.spyOn(sync, 'syncOutput').mockRejectedValue(new sync.SyncError('/adapter', fault));
    onTestFinished(() => spy.mockRestore());
    expect(await reasonOf(client.training.run({ project: 'a' }, () => undefined))).toBeInstanceOf(
      OutputError,
    );
    expect(await project()).toMatchObject({
      training_status: 'failed',
      training: { error: 'cannot write /adapter to the disk: the disk reports an error' },
    });
  });

  test('once it is over, as what it returns throws, has failed, and so its lease has ended', async () => {
    const { client, project } = await trainers();
    const metadata = {
      toJSON() {
        throw new Error('no');
      },
    };
    expect(await reasonOf(client.training.run({ project: 'a' }, () => ({ metadata })))).toEqual(
      new Error('no'),
    );
    expect(await project()).toMatchObject({ training_status: 'failed', training: { error: 'Error: no' } });
  });

  test('because the place of what it made is none any more has failed', async () => {
    const { client, project } = await trainers();
    const work = async ({ output }: TrainingLease): Promise<void> => {
      const { rm } = await import('node:fs/promises');
      await rm(output.directory, { recursive: true });
      await writeFile(output.directory, '');
    };
    expect(await reasonOf(client.training.run({ project: 'a' }, work))).toMatchObject({ code: -32602 });
    expect(await project()).toMatchObject({ training_status: 'failed' });
  });
});

describe('work that somebody cancels', () => {
  const cancelled = { name: 'CancelledError', reason: 'nap' };
  const asItWas = { training_status: 'not_started', training: { outcome: 'cancelled' } };

  test('is told, and the project is what it was', async () => {
    const { client, here, project } = await trainers();
    const run = client.training.run({ project: 'a' }, async (lease) => {
      await here.writer.call('training.cancel', { project: 'a', reason: 'nap' });
      return await untilStopped(lease);
    });
    const reason = await reasonOf(run);
    expect(reason).toMatchObject({
      ...cancelled,
      message: 'cannot finish the training of "a": somebody has asked to stop: nap',
    });
    expect(reason).not.toHaveProperty('cause');
    expect(await project()).toMatchObject(asItWas);
  });

  test('and that ends well all the same completes nothing', async () => {
    const { client, here, project } = await trainers();
    const run = client.training.run({ project: 'a' }, async ({ signal }) => {
      await here.writer.call('training.cancel', { project: 'a', reason: 'nap' });
      await until(() => signal.aborted, 'it is told');
      return { metadata: { loss: 0 } };
    });
    expect(await reasonOf(run)).toMatchObject(cancelled);
    expect(await project()).toMatchObject({ ...asItWas, metadata: {} });
  });

  test('in the very moment in which it ends completes nothing', async () => {
    const { result } = methods['training.begin'].example;
    const training = { ...result.project.training, cancel_requested: true, cancel_reason: 'nap' };
    const daemon = await standIn(({ method }) => {
      if (method === 'training.begin') return result;
      // Of the request nothing has come yet.
      if (method === 'registry.watch')
        return { subscription: 's1', cursor: 'e:1', projects: [result.project] };
      if (method === 'daemon.hello') return undefined;
      return method === 'projects.get' ? { ...result.project, training } : result.project;
    });
    const client = await connect({ socket: daemon.socket, autoStart: false });
    onTestFinished(() => client.close());
    const run = client.training.run({ project: 'payments' }, ({ signal }) => {
      expect(signal.aborted).toBe(false);
    });
    expect(await reasonOf(run)).toMatchObject(cancelled);
    const called = daemon.received.map(({ method }) => method);
    expect(called).toContain('training.release');
    expect(called).not.toContain('training.complete');
  });

  test.each(['by somebody', 'by its caller'])(
    '%s while the disk takes what it made completes nothing',
    async (who) => {
      const { client, here, project } = await trainers();
      const stop = new AbortController();
      const spy = vi.spyOn(sync, 'syncOutput').mockImplementation(async (_, { signal }) => {
        if (who === 'by its caller') stop.abort(new Error('mine'));
        else await here.writer.call('training.cancel', { project: 'a', reason: 'nap' });
        await until(() => signal?.aborted, 'it is told');
      });
      onTestFinished(() => spy.mockRestore());
      const run = client.training.run({ project: 'a' }, () => undefined, { signal: stop.signal });
      expect(await reasonOf(run)).toMatchObject(who === 'by its caller' ? new Error('mine') : cancelled);
      expect(await project()).toMatchObject({ training_status: 'not_started' });
    },
  );

  test('while the disk takes what a command made is no completed training of that either', async () => {
    const { client, here, project } = await trainers();
    let interruption: Outcome['interruption'];
    const begun = await client.training.begin({ project: 'a' });
    const news = { lost: vi.fn(), refused: vi.fn(), delayed: vi.fn() };
    const cancelled = (reason: string | undefined): void => void (interruption = { cancelled: reason });
    const lease = new HeldLease(client, begun, { ...news, cancelled });
    onTestFinished(() => lease.abandon());
    const spy = vi.spyOn(sync, 'syncOutput').mockImplementation(async () => {
      await here.writer.call('training.cancel', { project: 'a', reason: 'nap' });
      await until(() => interruption, 'it is told');
    });
    onTestFinished(() => spy.mockRestore());
    const ctx = { note: vi.fn(), host: { stderr: {} } } as unknown as Context;
    const outcome = {
      ended: { code: 0, signal: null },
      get interruption() {
        return interruption;
      },
      presses: 0,
      result: {},
      source: null,
      started: 0,
      warnings: new Set(),
    } as unknown as Outcome;
    expect(await tellEnd({ ctx, client, lease }, outcome)).toMatchObject({
      document: { outcome: 'cancelled' },
    });
    expect(await project()).toMatchObject(asItWas);
  });

  test('and that throws something else gives the project back, with what was thrown as the cause', async () => {
    const { client, here, project } = await trainers();
    const thrown = new Error('killed');
    const run = client.training.run({ project: 'a' }, async (lease) => {
      await here.writer.call('training.cancel', { project: 'a' });
      await untilStopped(lease).catch(() => undefined);
      throw thrown;
    });
    const reason = await reasonOf(run);
    expect(reason).toBeInstanceOf(CancelledError);
    expect(reason).toMatchObject({ cause: thrown, reason: undefined });
    expect(await project()).toMatchObject(asItWas);
  });
});

describe('work whose lease is', () => {
  test('taken by force is told at once, and touches the other one’s training no more', async () => {
    const { client, here, project } = await trainers();
    let told: unknown;
    const run = client.training.run({ project: 'a' }, async (lease) => {
      const token = await begin(here.writer, 'a', { force: true });
      await untilStopped(lease).catch((error: unknown) => (told = error));
      expect((await project()).training).toMatchObject({ token });
      return { metadata: { mine: true } };
    });
    const reason = await reasonOf(run);
    expect(reason).toMatchObject({ name: 'RegistryError', kind: 'lease_lost' });
    expect(told).toBe(reason);
    expect(await project()).toMatchObject({ training_status: 'training', metadata: {} });
  });

  test('that of a project which is removed is told so by its name', async () => {
    const { client, here } = await trainers();
    const run = client.training.run({ project: 'a' }, async (lease) => {
      await here.writer.call('projects.remove', { project: 'a', force: true });
      return await untilStopped(lease);
    });
    expect(await reasonOf(run)).toMatchObject({
      kind: 'project_not_found',
      message: 'cannot finish the training of "a": the project was removed',
    });
  });
});

describe('a caller', () => {
  const why = new Error('the window was closed');

  test('who aborts gets the reason, and the project is what it was', async () => {
    const { client, project } = await trainers();
    const stop = new AbortController();
    const run = client.training.run(
      { project: 'a' },
      (lease) => {
        const stopped = untilStopped(lease);
        stop.abort(why);
        return stopped;
      },
      { signal: stop.signal },
    );
    expect(await reasonOf(run)).toBe(why);
    expect(await project()).toMatchObject({
      training_status: 'not_started',
      training: { outcome: 'released' },
    });
    const work = vi.fn(() => undefined);
    const later = client.training.run({ project: 'a' }, work, { signal: stop.signal });
    expect(await reasonOf(later)).toBe(why);
    expect(work).not.toHaveBeenCalled();
  });

  test('waits for a slot, and leaves none behind that comes too late', async () => {
    const { client, here, project } = await trainers(['a', 'b']);
    const token = await begin(here.writer, 'b', { slot: 'gpu' });
    const stop = new AbortController();
    const params = { project: 'a', slot: 'gpu', wait_ms: 60_000 };
    const given = client.training.run(params, () => undefined, { signal: stop.signal });
    const reason = reasonOf(given);
    stop.abort(why);
    expect(await reason).toBe(why);
    const work = vi.fn(({ slot }: TrainingLease) => slot);
    const run = client.training.run(params, work, { onWarning: () => undefined });
    await here.writer.call('training.release', { project: 'b', token });
    await until(async () => (await project()).training_status === 'not_started', 'the first is given back');
    expect(await run.catch((error: unknown) => error)).toSatisfy(
      (ended) => ended === 'gpu' || (ended as { kind?: string }).kind === 'lease_held',
    );
  });

  test('who closes the client has the work stop, and is told so', async () => {
    const { client } = await trainers();
    const run = client.training.run({ project: 'a' }, async (lease) => {
      const stopped = reasonOf(untilStopped(lease));
      await client.close();
      return String(await stopped);
    });
    expect(await reasonOf(run)).toMatchObject({ name: 'ConnectionError', reason: 'closed' });
  });

  test('hears of no report that comes when all is over', async () => {
    const { client, here, told } = await trainers();
    let report: TrainingLease['report'] = () => undefined;
    await client.training.run({ project: 'a' }, (lease) => void ({ report } = lease));
    const lines = here.log.length;
    report({ progress: 1 });
    await client.daemon.ping();
    expect(here.log.slice(lines).filter(({ msg }) => msg?.includes('progress'))).toEqual([]);
    expect(told).toHaveLength(1);
  });
});

test('a report that throws when it is looked at is left out, and told', async () => {
  const { client, told, project } = await trainers();
  await client.training.run({ project: 'a' }, async (lease) => {
    await mkdir(lease.output.lora_adapter_path);
    const details = {
      toJSON() {
        throw new Error('no');
      },
    };
    lease.report({ progress: 0.1, details });
    lease.report({ progress: 2, prgress: 0.4 } as object);
    lease.report();
    for (const none of [null, '40%', 0.4]) lease.report(none as unknown as object);
    lease.report({
      get progress(): number {
        throw new Error('never');
      },
    });
  });
  expect(told).toEqual([
    'training of a: a report was left out: no',
    'training of a: prgress is unknown; it was left out',
    'training of a: progress goes from 0 to 1: 2 was taken for 1',
    'training of a: a report is no object; it was left out',
    'training of a: a report was left out: never',
  ]);
  expect(await project()).toMatchObject({ training_status: 'completed' });
});

test('a path that cannot be one costs no training', async () => {
  const { client, told, project } = await trainers();
  await client.training.run({ project: 'a' }, () => ({ lora_adapter_path: '/tmp/a\0b' }));
  expect(told[0]).toBe('training of a: lora_adapter_path has a NUL character; it was left out');
  expect(await project()).toMatchObject({ training_status: 'completed' });
});

test('what cannot be run is refused before there is a lease', async () => {
  const { client, project } = await trainers();
  const run = client.training.run.bind(client.training) as (...args: unknown[]) => Promise<unknown>;
  const params = { project: 'a' };
  expect(await reasonOf(run(params))).toEqual(
    new TypeError('cannot run a training: the work is no function'),
  );
  expect(await reasonOf(run(params, () => undefined, null))).toBeInstanceOf(TypeError);
  expect(await reasonOf(run(undefined, () => undefined))).toMatchObject({ name: 'RpcError', code: -32602 });
  expect(await project()).toMatchObject({ training_status: 'not_started', training: null });
});
