/** `registry.watch`: what subscribers are told, and when. How they go on after a gap is in `subscriptions.test.ts`. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, test, vi } from 'vitest';
import type { RegistryEvent } from '../../../src/protocol/events.ts';
import type * as atomicFile from '../../../src/store/file/atomic-file.ts';
import { brief, manyUpdates, Replica, servedState, subscribe } from '../../support/events.ts';
import { until } from '../../support/until.ts';
import { request, world } from '../../support/world.ts';

/** While it is set, no write becomes durable. */
const disk = vi.hoisted(() => ({ stuck: null as Promise<void> | null }));
vi.mock('../../../src/store/file/atomic-file.ts', async (original) => {
  const real = await original<typeof atomicFile>();
  return {
    ...real,
    async syncDirectory(path: string) {
      await disk.stuck;
      await real.syncDirectory(path);
    },
  };
});

const briefs = (events: readonly RegistryEvent[]) => events.map(brief);

/** The token is to be that of the lease that was begun. */
const LEASE = { project: 'a', token: undefined };

describe('a watch without a cursor', () => {
  test('begins with every project, the active one and a cursor, and everything after it follows', async () => {
    const { watch, writer, add } = await world(['a', 'b']);
    const subscriber = await watch();
    const { projects, active_project, cursor } = subscriber.answer;
    expect({ projects, active_project }).toEqual({
      projects: (await writer.call('projects.list'))['projects'],
      active_project: (await writer.call('registry.info'))['active_project'],
    });
    expect(cursor).toBe((await writer.call('registry.info'))['cursor']);
    await add('c');
    expect(briefs(await subscriber.take(1))).toEqual(['registered c']);
    expect(subscriber.cursor).toBe((await writer.call('registry.info'))['cursor']);
  });

  test('of one project begins with that one', async () => {
    const { watch } = await world(['a', 'b']);
    expect((await watch({ project: 'B' })).answer.projects?.map(({ name }) => name)).toEqual(['b']);
  });

  test('of a project that does not exist is refused', async () => {
    const { writer } = await world(['payments']);
    const { code, data } = await writer.refusal('registry.watch', { project: 'paymnets' });
    expect(code).toBe(1001);
    expect(data?.['suggestions']).toEqual(['payments']);
    expect((await writer.call('daemon.status'))['subscriptions']).toBe(0);
  });
});

describe('every change is one event:', () => {
  const source = '/tmp';
  test.each<[what: string, steps: [method: string, params: object][], events: string[]]>([
    ['registering', [['projects.register', { name: 'new', source_path: source }]], ['registered new']],
    [
      'registering and activating',
      [['projects.register', { name: 'new', source_path: source, activate: true }]],
      ['registered new', 'activated new'],
    ],
    [
      'registering what is there already',
      [
        ['projects.register', { name: 'new', source_path: source }],
        ['projects.register', { name: 'new', source_path: source, if_exists: 'return' }],
      ],
      ['registered new'],
    ],
    ['changing', [['projects.update', { project: 'a', language: 'go' }]], ['updated a']],
    ['using', [['projects.touch', { project: 'a' }]], ['updated a']],
    ['activating', [['projects.activate', { project: 'b' }]], ['updated b', 'activated b']],
    ['activating the active one', [['projects.activate', { project: 'a' }]], ['updated a']],
    ['activating none', [['projects.activate', { project: null }]], ['activated -']],
    ['setting the status', [['projects.set_status', { project: 'a', status: 'completed' }]], ['training a']],
    ['asking for training', [['projects.retrain', { project: 'a' }]], ['training a']],
    ['removing', [['projects.remove', { project: 'b' }]], ['removed b']],
    ['removing the active one', [['projects.remove', { project: 'a' }]], ['removed a', 'activated b']],
    [
      'removing the last one',
      [
        ['projects.remove', { project: 'b' }],
        ['projects.remove', { project: 'a' }],
      ],
      ['removed b', 'removed a', 'activated -'],
    ],
    ['beginning to train', [['training.begin', { project: 'a' }]], ['training a']],
    [
      'training to the end',
      [
        ['training.begin', { project: 'a' }],
        ['training.progress', { ...LEASE, progress: 0.5 }],
        ['training.progress', { ...LEASE, phase: 'saving' }],
        ['training.cancel', { project: 'a' }],
        ['training.complete', { ...LEASE, file_count: 3, metadata: { loss: 1 } }],
      ],
      ['training a', 'training a', 'training a', 'training a'],
    ],
    ['asking nobody to stop', [['training.cancel', { project: 'a' }]], []],
  ])('%s', async (_, steps, events) => {
    const { watch, writer, add } = await world(['a', 'b']);
    const subscriber = await watch();
    let token: unknown;
    for (const [method, params] of steps) {
      const answer = await writer.call(method, 'token' in params ? { ...params, token } : params);
      if (method === 'training.begin') token = answer['token'];
    }
    await add('last');
    await writer.call('projects.remove', { project: 'last' });
    const seen = briefs(await subscriber.untilRemoved('last'));
    expect(seen.filter((text) => !text.endsWith(' last'))).toEqual(events);
  });

  test('one that is refused is none, and its neighbours in a batch are', async () => {
    const { watch, writer } = await world(['a', 'b']);
    const subscriber = await watch();
    writer.send([
      request(1, 'projects.update', { project: 'a', name: 'c' }),
      request(2, 'projects.update', { project: 'b', name: 'C' }),
      request(3, 'projects.touch', { project: 'b' }),
      request(4, 'projects.update', { project: 'c', name: 'd' }),
    ]);
    await writer.next();
    expect(briefs(await subscriber.take(3))).toEqual(['updated c', 'updated b', 'updated d']);
    expect(await writer.isSilent()).toBe(true);
  });

  test('the project and what it was before lead from one event to the next', async () => {
    const { watch, writer } = await world(['a']);
    const subscriber = await watch();
    const replica = new Replica(subscriber.answer);
    writer.send(manyUpdates(20, 'a'));
    await writer.next();
    for (const event of await subscriber.take(20)) replica.apply(event);
    expect(replica.state).toEqual(await servedState(writer));
  });
});

describe('the end of a lease says what came of it', () => {
  test.each([
    ['training.complete', {}, 'completed'],
    ['training.fail', { error: 'no such model' }, 'failed'],
    ['training.release', {}, 'released'],
    ['projects.set_status', { status: 'failed' }, 'failed'],
    ['projects.set_status', { status: 'completed' }, 'completed'],
  ])('%s %j', async (method, params, outcome) => {
    const { watch, writer } = await world(['a']);
    // As it would be after a failure, too.
    await writer.call('projects.set_status', { project: 'a', status: 'failed', error: 'no such model' });
    const subscriber = await watch();
    const { token } = await writer.call('training.begin', { project: 'a' });
    const held = method.startsWith('training') ? { project: 'a', token } : { project: 'a' };
    await writer.call(method, { ...held, ...params });
    await writer.call('projects.set_status', { project: 'a', status: 'not_started' });
    await writer.call('projects.remove', { project: 'a' });
    const seen = await subscriber.untilRemoved('a');
    expect(
      seen
        .filter(({ type }) => type === 'training')
        .map((event) => ('outcome' in event ? event.outcome : null)),
    ).toEqual([null, outcome, null]);
  });
});

describe('an event', () => {
  test('comes to everybody, in the same order', async () => {
    const { watch, connect, writer } = await world(['a', 'b', 'c']);
    const subscribers = await Promise.all(Array.from({ length: 5 }, () => watch()));
    const writers = await Promise.all(Array.from({ length: 4 }, () => connect()));
    await Promise.all(
      writers.map(async (client, number) => {
        for (let n = 0; n < 10; n += 1) {
          const project = ['a', 'b', 'c'][(n + number) % 3];
          await client.call('projects.update', { project, metadata: { [`from-${number}`]: n } });
        }
      }),
    );
    await writer.call('projects.remove', { project: 'a' });
    const seen = await Promise.all(subscribers.map((subscriber) => subscriber.untilRemoved('a')));
    expect(seen[0]?.length).toBe(41);
    for (const events of seen) expect(events).toEqual(seen[0]);
  });

  test('comes after the answer to its change on the same connection', async () => {
    const { writer } = await world(['a']);
    await writer.call('registry.watch');
    for (let n = 0; n < 20; n += 1) {
      writer.send(request(n, 'projects.update', { project: 'a', file_count: n + 1 }));
      expect((await writer.next()).id).toBe(n);
      expect((await writer.next()).method).toBe('registry.event');
    }
  });

  test('is not told before the change is durable, nor is the answer', async () => {
    const { watch, writer, paths } = await world(['a']);
    const watching = await watch();
    let release = (): void => undefined;
    disk.stuck = new Promise((resolve) => {
      release = resolve;
    });
    try {
      writer.send(request(1, 'projects.update', { project: 'a', language: 'go' }));
      await until(
        async () => (await readFile(paths.registryFile, 'utf8')).includes('"go"'),
        'it is in the file',
      );
      // Renamed and not synced: a power cut might still undo it.
      expect(await writer.isSilent()).toBe(true);
      const late = await watch();
      expect(late.answer.projects?.map(({ language }) => language)).toEqual(['python']);
      const told = watching.take(1);
      expect(await Promise.race([told, writer.ask('daemon.ping')])).toMatchObject({ result: 'pong' });
      release();
      expect(await writer.next()).toMatchObject({ id: 1 });
      expect(briefs(await told)).toEqual(['updated a']);
      expect(briefs(await late.take(1))).toEqual(['updated a']);
    } finally {
      disk.stuck = null;
      release();
    }
  });

  test('of an outside edit is told like any other, and says where it came from', async () => {
    const { watch, writer, paths } = await world(['a', 'b', 'c']);
    const subscriber = await watch();
    const file = JSON.parse(await readFile(paths.registryFile, 'utf8')) as {
      active_project: string;
      projects: Record<string, { name: string; language: string }>;
    };
    const [a, b, c] = Object.keys(file.projects) as [string, string, string];
    const project = { ...file.projects[b], name: 'b2' };
    const added = a.replace(/^.{8}/, '00000000');
    const edited = {
      [c]: { ...file.projects[c], language: 'go' },
      [b]: project,
      [added]: { name: 'd', source_path: '/d' },
    };
    await writeFile(paths.registryFile, JSON.stringify({ ...file, active_project: c, projects: edited }));
    await writer.call('registry.reload');
    const events = await subscriber.take(5);
    expect(briefs(events)).toEqual(['removed a', 'updated c', 'updated b2', 'registered d', 'activated c']);
    expect(new Set(events.map(({ origin }) => origin))).toEqual(new Set(['file']));
    const replica = new Replica(subscriber.answer);
    for (const event of events) replica.apply(event);
    expect(replica.state).toEqual(await servedState(writer));
    await writer.call('projects.touch', { project: 'd' });
    expect((await subscriber.take(1))[0]?.origin).toBe('rpc');
  });

  test('tells where the file is wrong, and when it is right again', async () => {
    const { watch, writer, paths } = await world(['a']);
    const subscriber = await watch();
    const good = await readFile(paths.registryFile, 'utf8');
    await writeFile(paths.registryFile, '{\n  "version": "1.2",\n  "projects": oops\n}\n');
    const [problem] = await subscriber.take(1);
    expect(problem).toMatchObject({
      type: 'problem',
      origin: 'file',
      problem: { kind: 'invalid_file', line: 3, column: 15 },
    });
    expect((await writer.call('registry.info'))['problem']).toEqual(
      (problem as { problem: unknown }).problem,
    );
    expect(subscriber.cursor).toBe(subscriber.answer.cursor);
    await writeFile(paths.registryFile, good);
    expect(briefs(await subscriber.take(1))).toEqual(['recovered']);
  });

  test('tells that the file is gone', async () => {
    const { watch, paths } = await world(['a']);
    const subscriber = await watch();
    await rm(paths.registryFile);
    expect(await subscriber.take(1)).toMatchObject([{ type: 'problem', problem: { kind: 'deleted_file' } }]);
  });

  describe('of a subscription that begins while something is wrong with it', () => {
    const WRONG = '{\n  "version": "1.2",\n  "projects": oops\n}\n';
    const isWrong = { kind: 'invalid_file', line: 3, column: 15 };

    test('is in the snapshot', async () => {
      const { watch, writer, paths } = await world(['a']);
      expect((await watch()).answer).toMatchObject({ problem: null, read_only: false });
      await writeFile(paths.registryFile, WRONG);
      await writer.call('registry.reload');
      expect((await watch()).answer).toMatchObject({ problem: isWrong, read_only: true });
    });

    test('comes after what was missed', async () => {
      const { watch, writer, paths } = await world(['a']);
      const { cursor } = (await watch()).answer;
      await writer.call('projects.touch', { project: 'a' });
      await writeFile(paths.registryFile, WRONG);
      await writer.call('registry.reload');
      const [missed, problem] = await (await watch({ cursor })).take(2);
      expect(missed).toMatchObject({ type: 'updated' });
      expect(problem).toMatchObject({ type: 'problem', problem: isWrong, read_only: true, origin: 'file' });
    });

    test('is over for one that knew of it', async () => {
      const { watch, writer, paths } = await world(['a']);
      const good = await readFile(paths.registryFile, 'utf8');
      const early = await watch();
      await writeFile(paths.registryFile, WRONG);
      await writer.call('registry.reload');
      await early.take(1);
      await writeFile(paths.registryFile, good);
      await writer.call('registry.reload');
      const late = await watch({ cursor: early.cursor });
      expect(briefs(await late.take(1))).toEqual(['recovered']);
      // Whoever has seen what came afterwards has heard of it.
      await writer.call('projects.touch', { project: 'a' });
      await early.take(2);
      const later = await watch({ cursor: early.cursor });
      await writer.call('projects.touch', { project: 'a' });
      expect(briefs(await later.take(1))).toEqual(['updated a']);
    });

    test('is in what takes the place of what one was too slow for', async () => {
      const { connect, writer, paths } = await world(['a']);
      const peer = await connect();
      const lazy = await subscribe(peer);
      peer.socket.pause();
      for (let round = 0; round < 8; round += 1) {
        writer.send(manyUpdates(500, 'a'));
        await writer.next();
      }
      await writeFile(paths.registryFile, WRONG);
      await writer.call('registry.reload');
      peer.socket.resume();
      const resync = (await lazy.until(({ type }) => type === 'resync')).at(-1);
      expect(resync).toMatchObject({ problem: isWrong, read_only: true });
    });
  });

  test('tells that the daemon drains, after everything that was done before', async () => {
    const { watch, writer, daemon } = await world(['a']);
    const subscriber = await watch();
    writer.send(request(1, 'projects.touch', { project: 'a' }), request(2, 'daemon.shutdown', {}));
    expect(briefs(await subscriber.take(2))).toEqual(['updated a', 'shutdown']);
    await daemon.stopped;
  });
});

describe('progress', () => {
  test('comes to those who asked for it, and to nobody else', async () => {
    const { watch, writer } = await world(['a']);
    const [curious, other] = [await watch({ progress: true }), await watch()];
    const { token } = await writer.call('training.begin', { project: 'a' });
    await writer.call('training.progress', { project: 'a', token, progress: 0.5, message: 'half' });
    await writer.call('training.fail', { project: 'a', token, error: 'enough' });
    const seen = await curious.take(3);
    expect(briefs(seen)).toEqual(['training a', 'progress a', 'training a']);
    expect(seen[1]).toMatchObject({
      project: { training: { progress: 0.5, message: 'half' } },
      origin: 'rpc',
    });
    expect(briefs(await other.take(2))).toEqual(['training a', 'training a']);
  });

  test('is no part of the history', async () => {
    const { watch, writer } = await world(['a']);
    const { cursor } = (await watch()).answer;
    const { token } = await writer.call('training.begin', { project: 'a' });
    await writer.call('training.progress', { project: 'a', token, progress: 0.5 });
    await writer.call('training.release', { project: 'a', token });
    const late = await watch({ cursor, progress: true });
    await writer.call('projects.remove', { project: 'a' });
    expect(briefs(await late.untilRemoved('a'))).toEqual(['training a', 'training a', 'removed a']);
  });
});

describe('a watch of one project', () => {
  test('hears of that one, of its coming and going as the active one, and of the file', async () => {
    const { watch, writer, add, paths } = await world(['a', 'b', 'c']);
    const subscriber = await watch({ project: 'b' });
    for (const project of ['c', 'b', 'c', 'a']) await writer.call('projects.activate', { project });
    await add('d');
    await writer.call('projects.update', { project: 'b', name: 'b2' });
    await writeFile(paths.registryFile, 'oops');
    await subscriber
      .until(({ type }) => type === 'problem')
      .then((events) => {
        expect(briefs(events)).toEqual(['updated b', 'activated b', 'activated c', 'updated b2', 'problem']);
      });
  });

  test('hears of its removal', async () => {
    const { watch, writer } = await world(['a', 'b']);
    const subscriber = await watch({ project: 'b' });
    await writer.call('projects.remove', { project: 'a' });
    await writer.call('projects.remove', { project: 'b' });
    expect(briefs(await subscriber.take(3))).toEqual(['activated b', 'removed b', 'activated -']);
  });
});
