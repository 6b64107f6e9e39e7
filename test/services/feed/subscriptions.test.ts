/** Subscriptions: how they go on where they left off, what happens to those who do not read, and how they end. */
import { describe, expect, test } from 'vitest';
import type { RegistryEvent } from '../../../src/protocol/events.ts';
import { HISTORY_LENGTH, MAX_IN_FLIGHT, MAX_SUBSCRIPTIONS } from '../../../src/protocol/limits.ts';
import { brief, manyUpdates, Replica, servedState, subscribe } from '../../support/events.ts';
import type { Answer, LineClient } from '../../support/lines.ts';
import { until } from '../../support/until.ts';
import { request, world } from '../../support/world.ts';

const briefs = (events: readonly RegistryEvent[]) => events.map(brief);

describe('a watch with a cursor', () => {
  test('goes on after it, without a snapshot', async () => {
    const { watch, writer } = await world(['a']);
    const early = await watch();
    await writer.call('projects.update', { project: 'a', file_count: 1 });
    await early.take(1);
    await writer.call('projects.update', { project: 'a', file_count: 2 });
    await writer.call('projects.update', { project: 'a', file_count: 3 });
    const late = await watch({ cursor: early.cursor });
    expect(late.answer).toEqual({ subscription: late.answer.subscription, cursor: early.cursor });
    const events = await late.take(2);
    expect(events).toEqual(await early.take(2));
    expect(events).toMatchObject([{ project: { file_count: 2 } }, { project: { file_count: 3 } }]);
    expect(late.cursor).toBe(early.cursor);
  });

  test('of now begins with nothing', async () => {
    const { watch, writer } = await world(['a']);
    const { cursor } = await writer.call('registry.info');
    const subscriber = await watch({ cursor });
    await writer.call('projects.touch', { project: 'a' });
    expect(briefs(await subscriber.take(1))).toEqual(['updated a']);
  });

  test('gets all of the history, and one change more is too much', async () => {
    const { watch, writer } = await world(['a']);
    const { cursor, projects } = (await watch()).answer;
    const early = await watch();
    writer.send(manyUpdates(HISTORY_LENGTH, 'a'));
    await writer.next();
    const late = await watch({ cursor });
    const replica = new Replica({
      projects: projects ?? [],
      active_project: early.answer.active_project ?? null,
    });
    const events = await late.take(HISTORY_LENGTH);
    // Nobody is behind who reads: such a step is well over what may wait.
    expect(events).toEqual(await early.take(HISTORY_LENGTH));
    for (const event of events) replica.apply(event);
    expect(replica.state).toEqual(await servedState(writer));

    await writer.call('projects.touch', { project: 'a' });
    const { code, data } = await writer.refusal('registry.watch', { cursor });
    expect(code).toBe(1013);
    expect(data).toMatchObject({
      kind: 'cursor_expired',
      cursor: (await writer.call('registry.info'))['cursor'],
    });
  });

  test.each([
    ['of another daemon', (cursor: string) => `x${cursor}`],
    ['of the future', (cursor: string) => `${cursor}0`],
    ['that is none', () => 'yesterday'],
    ['that is empty', () => ''],
  ])('%s is refused', async (_, spoil) => {
    const { writer } = await world(['a']);
    const { cursor } = await writer.call('registry.info');
    expect((await writer.refusal('registry.watch', { cursor: spoil(String(cursor)) })).code).toBe(1013);
  });

  test('of a project gets what was missed of that one', async () => {
    const { watch, writer } = await world(['a', 'b']);
    const { cursor } = (await watch()).answer;
    await writer.call('projects.touch', { project: 'a' });
    await writer.call('projects.touch', { project: 'b' });
    const late = await watch({ cursor, project: 'b' });
    expect(briefs(await late.take(1))).toEqual(['updated b']);
  });
});

describe('a subscriber that does not read', () => {
  test('gets one resync in place of what it missed, and then goes on without a gap', async () => {
    const { watch, connect, writer } = await world(['a', 'b']);
    const peer = await connect();
    const lazy = await subscribe(peer);
    const replica = new Replica(lazy.answer);
    peer.socket.pause();
    // Far more than the sockets and what may wait hold together.
    for (let round = 0; round < 8; round += 1) {
      writer.send(manyUpdates(500, 'a'));
      await writer.next();
    }
    await writer.call('projects.activate', { project: 'b' });
    const witness = await watch();
    peer.socket.resume();
    const missed = await lazy.until(({ type }) => type === 'resync');
    expect(missed.length).toBeLessThan(4_000);
    for (const event of missed) replica.apply(event);
    expect(replica.state).toEqual(await servedState(writer));
    expect(lazy.cursor).toBe(witness.cursor);

    writer.send(manyUpdates(10, 'b'));
    await writer.next();
    await writer.call('projects.remove', { project: 'a' });
    const after = await lazy.untilRemoved('a');
    expect(after).toEqual(await witness.untilRemoved('a'));
    for (const event of after) replica.apply(event);
    expect(replica.state).toEqual(await servedState(writer));
  });

  test('can resume from where the resync left it', async () => {
    const { watch, connect, writer } = await world(['a']);
    const peer = await connect();
    const lazy = await subscribe(peer);
    peer.socket.pause();
    for (let round = 0; round < 8; round += 1) {
      writer.send(manyUpdates(500, 'a'));
      await writer.next();
    }
    peer.socket.resume();
    await lazy.until(({ type }) => type === 'resync');
    const again = await watch({ cursor: lazy.cursor });
    await writer.call('projects.touch', { project: 'a' });
    expect(await again.take(1)).toEqual(await lazy.take(1));
  });

  test('holds up nobody else', async () => {
    const { watch, connect, writer } = await world(['a']);
    const peer = await connect();
    await subscribe(peer);
    peer.socket.pause();
    const other = await watch();
    for (let round = 0; round < 6; round += 1) {
      writer.send(manyUpdates(500, 'a'));
      await writer.next();
      expect(await other.take(500)).not.toContainEqual(expect.objectContaining({ type: 'resync' }));
    }
  });
});

describe('in a batch', () => {
  test('a watch is answered before its first event', async () => {
    const { writer, connect } = await world(['a']);
    const peer = await connect();
    peer.send([
      request(1, 'registry.watch', {}),
      request(2, 'projects.touch', { project: 'a' }),
      // Keeps the answer back while other things happen.
      request(3, 'training.claim', { languages: ['cobol'], wait_ms: 60_000 }),
    ]);
    await until(
      async () => (await writer.call('daemon.status'))['subscriptions'] === 1,
      'the watch has begun',
    );
    await writer.call('projects.touch', { project: 'a' });
    expect(peer.waiting).toEqual([]);
    await writer.call('projects.update', { project: 'a', language: 'cobol' });
    const answers = await peer.next<Answer[]>();
    expect(answers.map(({ id }) => id)).toEqual([1, 2, 3]);
    const events: RegistryEvent[] = [];
    while (events.length < 4) {
      events.push(...((await peer.next()).params as { events: RegistryEvent[] }).events);
    }
    expect(briefs(events)).toEqual(['updated a', 'updated a', 'updated a', 'training a']);
  });
});

describe('a subscription', () => {
  const count = async (client: LineClient) => (await client.call('daemon.status'))['subscriptions'];

  test('ends with unwatch, and the others of the connection go on', async () => {
    const { connect, writer } = await world(['a']);
    const peer = await connect();
    const [one, two] = [await peer.call('registry.watch'), await peer.call('registry.watch')];
    expect(await count(writer)).toBe(2);
    expect(await peer.call('registry.unwatch', { subscription: one['subscription'] })).toBeNull();
    expect(await count(writer)).toBe(1);
    await writer.call('projects.touch', { project: 'a' });
    expect(await peer.next()).toMatchObject({ params: { subscription: two['subscription'] } });
    expect(await peer.isSilent()).toBe(true);
  });

  test('ends with its connection', async () => {
    const { connect, writer } = await world();
    const peer = await connect();
    await peer.call('registry.watch');
    await peer.call('registry.watch');
    peer.socket.destroy();
    await until(async () => (await count(writer)) === 0, 'the subscriptions are gone');
  });

  test('can be ended only by its own connection', async () => {
    const { connect, writer, watch } = await world(['a']);
    const subscriber = await watch();
    const { subscription } = subscriber.answer;
    const peer = await connect();
    expect((await peer.refusal('registry.unwatch', { subscription })).code).toBe(-32602);
    expect((await peer.refusal('registry.unwatch', { subscription: 'none' })).code).toBe(-32602);
    await writer.call('projects.touch', { project: 'a' });
    expect(briefs(await subscriber.take(1))).toEqual(['updated a']);
  });

  test(`is one of at most ${MAX_SUBSCRIPTIONS} of a connection`, async () => {
    const { connect, writer } = await world();
    const peer = await connect();
    for (let n = 0; n < MAX_SUBSCRIPTIONS; n += 1) await peer.call('registry.watch');
    const { code, message } = await peer.refusal('registry.watch');
    expect([code, message]).toEqual([-32602, expect.stringContaining('unwatch')]);
    await writer.call('registry.watch');
    expect(await count(writer)).toBe(MAX_SUBSCRIPTIONS + 1);
  });

  test('has another name in each daemon, so that none is taken for another', async () => {
    const names = new Set<string>();
    for (let n = 0; n < 2; n += 1) names.add((await (await world()).watch()).answer.subscription);
    expect(names.size).toBe(2);
  });

  test('does not begin for a peer that left before its turn', async () => {
    const { connect, writer } = await world(['a']);
    await writer.call('training.begin', { project: 'a' });
    const peer = await connect();
    const waits = (count: number, wait_ms: number) =>
      Array.from({ length: count }, (_, id) => request(id, 'training.wait', { project: 'a', wait_ms }));
    const room = 24;
    peer.send(waits(MAX_IN_FLIGHT - room, 60_000));
    await peer.ask('daemon.ping');
    // With these it is as many as are looked at. Their answers make room for one batch more, and find that the peer is
    // gone; what is behind that batch is looked at when all have been told.
    peer.send(...waits(room, 500), waits(room, 60_000), request(0, 'registry.watch', {}));
    peer.socket.destroySoon();
    await until(
      async () => (await writer.call('daemon.status'))['connections'] === 1,
      'the connection is gone',
    );
    expect(await count(writer)).toBe(0);
  });
});
