/** Who waits for a slot, and who gets it: the queue by itself, then with a daemon around it. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Project } from '../../../src/domain/project.ts';
import type { Filter } from '../../../src/domain/training/waiting.ts';
import { type Named, WaitingTrainers } from '../../../src/services/training/waiting.ts';
import { Store } from '../../../src/store/store.ts';
import { Turns } from '../../../src/system/turns.ts';
import type { LineClient } from '../../support/lines.ts';
import { project } from '../../support/projects.ts';
import { until } from '../../support/until.ts';
import { begin, get, request, world } from '../../support/world.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function turns(count = 6): Promise<void> {
  for (let n = 0; n < count; n += 1) await turn();
}

interface Ask {
  readonly slots: readonly string[];
  readonly ms?: number;
  readonly filter?: Filter;
  readonly peer?: object;
  readonly isNeeded?: () => boolean;
}

/** The queue, with slots that are taken, and who got which. */
function scene(...taken: readonly string[]) {
  const state = {
    /** By the slots that are taken, who has each. */
    owners: new Map(taken.map((slot) => [slot, { projectId: 'before' }])),
    free: [] as Project[],
    got: [] as string[],
    looks: 0,
    searches: 0,
    failures: [] as unknown[],
  };
  const trainers = new WaitingTrainers<string>(
    () => ((state.searches += 1), state.free),
    new Turns(),
    (error) => state.failures.push(error),
    () => ((state.looks += 1), state.owners),
  );
  const wait = async (who: string, { slots, ms = 60_000, filter, peer = {}, isNeeded = () => true }: Ask) => {
    const named = (): Named => ({ id: who, isOutOfReach: false });
    const begun = await trainers.wait({
      ...(filter ? { filter } : { named }),
      slots,
      ms,
      peer,
      isNeeded,
      async attempt(slot) {
        await turn();
        if (filter && state.free.length === 0) return null;
        if (filter) state.free = state.free.slice(1);
        if (slot === null || state.owners.has(slot))
          throw new Error(`${slot} was handed out and is not free`);
        state.owners.set(slot, { projectId: who });
        return slot;
      },
    });
    state.got.push(`${who}: ${begun}`);
    return begun;
  };
  const giveBack = (slot: string): void => {
    state.owners.delete(slot);
    trainers.changed();
  };
  return { state, trainers, wait, giveBack };
}

describe('a slot that is given back', () => {
  test('goes to whoever came first and can do with it; of several they have the first that is free', async () => {
    const { state, wait, giveBack } = scene('a', 'b');
    const waits = [
      wait('1', { slots: ['a'] }),
      wait('2', { slots: ['b', 'a'] }),
      wait('3', { slots: ['a', 'b'] }),
      wait('4', { slots: ['b'] }),
    ];
    await turns();
    expect(state.got).toEqual([]);
    for (const slot of ['b', 'b', 'a', 'b']) {
      giveBack(slot);
      const { length } = state.got;
      await until(() => state.got.length > length, `somebody has ${slot}`);
    }
    await Promise.all(waits);
    expect(state.got).toEqual(['2: b', '3: b', '1: a', '4: b']);
    expect(state.failures).toEqual([]);
  });

  test('is not kept for who has no project for it, and goes to them first when they have', async () => {
    const { state, trainers, wait, giveBack } = scene('a');
    const claim = wait('claim', { slots: ['a'], filter: {} });
    const named = wait('named', { slots: ['a'] });
    await turns();
    giveBack('a');
    await named;
    const next = wait('next', { slots: ['a'] });
    state.free = [project(1)];
    trainers.changed();
    await turns();
    giveBack('a');
    await claim;
    giveBack('a');
    await next;
    expect(state.got).toEqual(['named: a', 'claim: a', 'next: a']);
  });

  test('goes to who waited and not to who comes as it is given back', async () => {
    const { state, wait, giveBack } = scene('a');
    const waited = wait('waited', { slots: ['a'] });
    await turns();
    giveBack('a');
    const came = wait('came', { slots: ['a'], ms: 0 });
    expect(await Promise.all([waited, came])).toEqual(['a', null]);
    expect(state.got).toContain('came: null');
  });

  test('is another’s where an attempt throws', async () => {
    const { state, trainers, wait, giveBack } = scene('a');
    const failing = trainers.wait({
      named: () => ({ id: 'failing', isOutOfReach: false }),
      slots: ['a'],
      ms: 60_000,
      isNeeded: () => true,
      attempt: () => Promise.reject(new Error('no disk')),
    });
    const other = wait('other', { slots: ['a'] });
    giveBack('a');
    await expect(failing).rejects.toThrow('no disk');
    expect(await other).toBe('a');
    expect(state.failures).toEqual([]);
  });

  test('is that of a lease which is taken over by force', async () => {
    const { wait, state } = scene('a', 'b');
    state.owners.set('a', { projectId: 'forced' });
    const attempt = wait('forced', { slots: ['b', 'a'], ms: 0 });
    // It is free for this one only: the attempt of the scene knows no force.
    await expect(attempt).rejects.toThrow('a was handed out');
    expect(await wait('other', { slots: ['b', 'a'], ms: 0 })).toBeNull();
  });
});

test('of a thousand that wait each change looks once, and searches no project that nobody claims', async () => {
  const { state, trainers, wait } = scene('a', 'b');
  const waits = Array.from({ length: 1_000 }, (_, n) => wait(`${n}`, { slots: ['a', 'b'] }));
  await turns();
  expect(state.looks).toBe(1);
  trainers.changed();
  trainers.changed();
  await turns();
  expect(state).toMatchObject({ looks: 2, searches: 0 });
  trainers.close();
  const ends = await Promise.allSettled(waits);
  expect(new Set(ends.map((end) => String(end.status === 'rejected' && end.reason)))).toEqual(
    new Set([expect.stringContaining('shutting down')]),
  );
});

test('what is given back while the queue is gone through counts for who does not wait', async () => {
  const owners = new Map([['a', { projectId: 'before' }]]);
  // Others have had a turn, and one of them has given it back.
  const turnOfOthers = {
    isOver: true,
    async next() {
      if (owners.delete('a')) trainers.changed();
    },
  };
  const trainers = new WaitingTrainers<string | null>(
    () => [],
    turnOfOthers as unknown as Turns,
    () => undefined,
    () => owners,
  );
  const begun = trainers.wait({
    named: () => ({ id: 'x', isOutOfReach: false }),
    slots: ['a'],
    ms: 0,
    isNeeded: () => true,
    attempt: (slot) => Promise.resolve(slot),
  });
  expect(await begun).toBe('a');
});

describe('the place of who asks again', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  /** One whose call has ended, and one who came after. */
  async function left(more: Partial<Ask> = {}) {
    const here = scene('a');
    const peer = {};
    const ask = (ms = 1_000) => here.wait('patient', { slots: ['a'], ms, peer, ...more });
    const first = ask();
    await turns();
    const newcomer = here.wait('newcomer', { slots: ['a'] });
    await turns();
    vi.advanceTimersByTime(1_000);
    expect(await first).toBeNull();
    here.state.got = [];
    return { ...here, ask, newcomer, peer };
  }

  test.each([
    ['before', true],
    ['as', false],
  ])('is kept, where the slot is given back %s it does', async (_when, isBefore) => {
    const { state, ask, giveBack, newcomer } = await left();
    if (isBefore) giveBack('a');
    await turns();
    expect(state.got).toEqual([]);
    vi.advanceTimersByTime(1_999);
    const again = ask();
    if (!isBefore) giveBack('a');
    expect(await again).toBe('a');
    giveBack('a');
    expect(await newcomer).toBe('a');
  });

  test('is kept through any number of calls, also one that does not wait', async () => {
    const { ask, giveBack } = await left();
    for (let n = 0; n < 3; n += 1) {
      const again = ask();
      await turns();
      vi.advanceTimersByTime(1_000);
      expect(await again).toBeNull();
    }
    giveBack('a');
    expect(await ask(0)).toBe('a');
  });

  test('is lost after two seconds', async () => {
    const { state, ask, giveBack, newcomer } = await left();
    giveBack('a');
    vi.advanceTimersByTime(1_999);
    await turns();
    expect(state.got).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(await newcomer).toBe('a');
    expect(await ask(0)).toBeNull();
  });

  test('is lost at once when nobody is there to ask', async () => {
    let isNeeded = true;
    const { giveBack, newcomer } = await left({ isNeeded: () => isNeeded });
    isNeeded = false;
    giveBack('a');
    expect(await newcomer).toBe('a');
  });

  test('is nobody else’s, nor for anything else', async () => {
    const { state, wait, peer, giveBack } = await left();
    const other = wait('patient', { slots: ['a'] });
    const more = wait('patient', { slots: ['a', 'b'], peer });
    expect(await more).toBe('b');
    giveBack('a');
    await turns();
    // It is kept for who has not come.
    expect(state.got).toEqual(['patient: b']);
    vi.advanceTimersByTime(2_000);
    await until(() => state.got.length === 2, 'the newcomer has it');
    expect(state.got).toEqual(['patient: b', 'newcomer: a']);
    giveBack('a');
    expect(await other).toBe('a');
  });

  test('is not kept of who waits for a project only', async () => {
    const { trainers, state } = scene();
    const claim = (name: string, ms: number) =>
      trainers.wait({
        filter: {},
        ms,
        peer: {},
        isNeeded: () => true,
        attempt: () => Promise.resolve(name),
      });
    const first = claim('first', 1_000);
    await turns();
    vi.advanceTimersByTime(1_000);
    expect(await first).toBeNull();
    state.free = [project(1)];
    expect(await claim('second', 0)).toBe('second');
  });
});

describe('with a daemon', () => {
  test('begin and claim are served in the order in which they came', async () => {
    const { writer, connect } = await world(['held', 'a', 'b', 'c', 'd']);
    let token = await begin(writer, 'held', { slot: 'gpu0' });
    let holder: [LineClient, string] = [writer, 'held'];
    const got: string[] = [];
    const waits: Promise<unknown>[] = [];
    for (const [n, params] of [{ project: 'd' }, {}, { project: 'c' }, {}].entries()) {
      const peer = await connect();
      const method = 'project' in params ? 'training.begin' : 'training.claim';
      const waiting = peer.call(method, { ...params, slot: ['gpu0'], wait_ms: 60_000 });
      waits.push(
        waiting.then((lease) => {
          const name = String(lease['project']?.['name']);
          got.push(`${n}: ${name}`);
          token = Number(lease['token']);
          holder = [peer, name];
        }),
      );
      // So that the next one comes after this one.
      await peer.call('daemon.ping');
    }
    for (let n = 1; n <= 4; n += 1) {
      const [peer, name] = holder;
      await peer.call('training.complete', { project: name, token });
      await until(() => got.length === n, 'the next one has it');
    }
    await Promise.all(waits);
    expect(got).toEqual(['0: d', '1: a', '2: c', '3: b']);
  });

  test('whoever waits is told at once that the project is somebody else’s, or is gone', async () => {
    const { writer, connect } = await world(['held', 'a', 'b', 'c']);
    await begin(writer, 'held', { slot: 'gpu0' });
    const peers = [await connect(), await connect(), await connect()];
    const [forced, taken, removed] = peers.map((peer, n) => {
      const project = ['a', 'a', 'b'][n];
      const force = n === 0;
      return peer.ask('training.begin', { project, slot: 'gpu0', wait_ms: 60_000, ...(force && { force }) });
    });
    for (const peer of peers) await peer.call('daemon.ping');
    await begin(writer, 'a');
    expect(await taken).toMatchObject({ error: { code: 1006, data: { project: { name: 'a' } } } });
    await writer.call('projects.remove', { project: 'b' });
    expect(await removed).toMatchObject({ error: { code: 1001 } });
    // Whoever takes it by force waits on, and does not try meanwhile.
    const tries = vi.spyOn(Store.prototype, 'change');
    for (let n = 0; n < 20; n += 1) await writer.call('daemon.ping');
    expect(tries).not.toHaveBeenCalled();
    tries.mockRestore();
    await writer.call('projects.remove', { project: 'held', force: true });
    expect(await forced).toMatchObject({ result: { slot: 'gpu0', project: { name: 'a' } } });
  });

  test('when the time is up it is told who has the slots', async () => {
    const { writer, connect } = await world(['a', 'b']);
    await begin(writer, 'a', { slot: 'gpu0', holder: { name: 'lora', pid: 7 } });
    for (const [method, params] of [
      ['training.begin', { project: 'b' }],
      ['training.claim', {}],
    ] as const) {
      const peer = await connect();
      const { code, message, data } = await peer.refusal(method, { ...params, slot: 'gpu0', wait_ms: 20 });
      expect({ code, message }).toEqual({
        code: 1016,
        message:
          'cannot take the slot "gpu0": lora uses it to train "a" under the lease of process 7; wait, or ask them to stop with training.cancel',
      });
      expect(data).toMatchObject({ holders: [{ slot: 'gpu0', holder: { name: 'lora', pid: 7 } }] });
    }
  });

  test('a peer that was killed takes nothing, and one that says no more is told so', async () => {
    const { connect, writer } = await world(['held', 'a', 'b', 'c']);
    const token = await begin(writer, 'held', { slot: 'gpu0' });
    const [killed, silent] = [await connect(), await connect()];
    killed.send(request(1, 'training.begin', { project: 'a', slot: 'gpu0', wait_ms: 60_000 }));
    const told = silent.refusal('training.begin', { project: 'b', slot: 'gpu0', wait_ms: 60_000 });
    await Promise.all([killed.ask('daemon.ping'), silent.ask('daemon.ping')]);
    killed.socket.destroy();
    silent.socket.end();
    expect((await told).code).toBe(1016);
    await until(async () => (await writer.call('daemon.status'))['connections'] === 1, 'both are gone');
    await writer.call('training.release', { project: 'held', token });
    expect(await writer.call('training.begin', { project: 'c', slot: 'gpu0' })).toMatchObject({
      slot: 'gpu0',
    });
    expect(await get(writer, 'a')).toMatchObject({ training_status: 'not_started' });
  });

  test('whoever waits when the daemon drains is told so', async () => {
    const { connect, writer, daemon } = await world(['held', 'a']);
    await begin(writer, 'held', { slot: 'gpu0' });
    const peer = await connect();
    const waiting = peer.refusal('training.begin', { project: 'a', slot: 'gpu0', wait_ms: 60_000 });
    await peer.ask('daemon.ping');
    writer.send(request(1, 'daemon.shutdown'));
    expect((await waiting).code).toBe(1011);
    peer.socket.destroy();
    writer.socket.destroy();
    await daemon.stopped;
  });
});
