/** What the daemon holds for peers that do not read, or do not end what they say: bounded over all of them together. */
import { describe, expect, test } from 'vitest';
import type { DaemonOptions } from '../../src/daemon.ts';
import type { Answer, LineClient } from '../support/lines.ts';
import { until } from '../support/until.ts';
import { request, type World, world } from '../support/world.ts';

const MIB = 1024 * 1024;

/** A registry whose list is about three megabytes long. */
async function bigWorld(options: DaemonOptions): Promise<World> {
  const made = await world(['p'], options);
  const source_path = await made.codebase('p');
  const metadata = { a: 'x'.repeat(16_000) };
  made.writer.send(
    Array.from({ length: 190 }, (_, id) =>
      request(id, 'projects.register', { name: `p${id}`, source_path, metadata }),
    ),
  );
  expect(await made.writer.next<Answer[]>()).toHaveLength(190);
  return made;
}

const lists = (count: number): object[] =>
  Array.from({ length: count }, (_, id) => request(id, 'projects.list'));

/** So many peers that ask for so many lists each, and read nothing. */
async function mutes({ connect }: World, peers: number, each: number): Promise<LineClient[]> {
  const made = await Promise.all(Array.from({ length: peers }, connect));
  for (const peer of made) {
    peer.socket.pause();
    peer.send(...lists(each));
  }
  return made;
}

const answeredLists = ({ daemon }: World): number => daemon.status().requests['projects.list']?.count ?? 0;

describe('peers that read nothing', () => {
  test('of 32 lists each get one ready, and no more', async () => {
    const here = await bigWorld({});
    const before = process.memoryUsage().rss;
    await mutes(here, 10, 32);
    await until(() => answeredLists(here) >= 10, 'each has had an answer');
    expect(await here.writer.call('daemon.ping')).toBe('pong');
    expect(answeredLists(here)).toBe(10);
    // All of it would be a gigabyte.
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * MIB);
  });

  test('are cut off when too much waits for all of them together, and whoever reads is not', async () => {
    const here = await bigWorld({ maxHeldBytes: 20 * MIB });
    const peers = await mutes(here, 30, 1);
    const reader = await here.connect();
    for (let round = 0; round < 5; round += 1) {
      // Waits until there is room.
      const { projects } = await reader.call('projects.list');
      expect(projects).toHaveLength(191);
      expect(await here.writer.call('daemon.ping')).toBe('pong');
    }
    const isCut = (peer: LineClient): boolean => peer.socket.destroyed || peer.socket.readableEnded;
    for (const peer of peers) peer.socket.resume();
    await until(() => here.log.some(({ msg }) => msg?.startsWith('cut off a peer')), 'some were cut off');
    await until(
      () => peers.every((peer) => isCut(peer) || peer.waiting.length === 1),
      'the others have theirs',
    );
    expect(peers.filter(isCut).length).toBeGreaterThan(0);
    expect(isCut(reader)).toBe(false);
  });

  test('cost one answer each: what is asked for beyond it is put together when that is read, or never', async () => {
    const here = await bigWorld({ maxHeldBytes: 20 * MIB });
    const peers = await mutes(here, 30, 32);
    const reader = await here.connect();
    reader.send(...lists(8));
    await until(() => reader.waiting.length === 8, 'one that reads has all');
    for (const peer of peers) peer.socket.destroy();
    const finished = (outcome: string): unknown[] =>
      here.log
        .map((line) => line as unknown as Record<string, unknown>)
        .filter((line) => line['method'] === 'projects.list' && line['outcome'] === outcome)
        .map(({ connection }) => connection);
    await until(() => finished('error').length >= 31, 'what those that are gone waited for is over');
    const made = finished('ok');
    const counts = [...new Set(made)].map((one) => made.filter((other) => other === one).length);
    expect(counts.filter((count) => count > 1)).toEqual([8]);
  });

  test('do not keep a batch of several long answers waiting for ever', async () => {
    const here = await bigWorld({ maxHeldBytes: 20 * MIB });
    const peers = await mutes(here, 10, 1);
    await until(() => answeredLists(here) >= 7, 'too much waits');
    const reader = await here.connect();
    reader.send(lists(2));
    for (const peer of peers) peer.socket.destroy();
    expect(await reader.next<Answer[]>()).toHaveLength(2);
  });

  test('hold up no small answer meanwhile', async () => {
    const here = await bigWorld({ maxHeldBytes: 6 * MIB });
    await mutes(here, 3, 1);
    await until(() => answeredLists(here) >= 2, 'too much waits');
    // Were it kept waiting, this would be after the cut.
    expect(await here.writer.call('projects.get', { project: 'p' })).toMatchObject({ name: 'p' });
    await here.writer.call('projects.touch', { project: 'p' });
    expect(here.log.some(({ msg }) => msg?.startsWith('cut off a peer'))).toBe(false);
  });
});

test('peers that do not end what they say are cut off when all of it together is too much', async () => {
  const here = await world(['p'], { maxHeldBytes: 20 * MIB });
  const peers = await Promise.all(Array.from({ length: 12 }, here.connect));
  for (const peer of peers) peer.write(`{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(3 * MIB)}`);
  await until(() => here.log.some(({ msg }) => msg?.startsWith('cut off a peer')), 'some were cut off');
  expect(await here.writer.call('daemon.ping')).toBe('pong');
  for (const peer of peers) peer.write('"}\n');
  const answers = await Promise.allSettled(peers.map((peer) => peer.next()));
  const codes = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.error?.code : 'cut'));
  expect(new Set(codes)).toEqual(new Set(['cut', -32601]));
});

test('requests that wait count with all that was sent with them', async () => {
  const here = await world(['p'], { maxHeldBytes: 20 * MIB });
  await here.writer.call('training.begin', { project: 'p' });
  const peers = await Promise.all(Array.from({ length: 12 }, here.connect));
  for (const peer of peers)
    peer.send([
      request(1, 'training.wait', { project: 'p', wait_ms: 60_000 }),
      request(2, 'x', { a: 'x'.repeat(3 * MIB) }),
    ]);
  await until(() => here.log.some(({ msg }) => msg?.startsWith('cut off a peer')), 'some were cut off');
  expect(await here.writer.call('daemon.ping')).toBe('pong');
});

test('a long answer comes whole, whoever reads slowly', async () => {
  const here = await bigWorld({});
  const slow = await here.connect();
  slow.send(...lists(4));
  await until(() => answeredLists(here) > 0, 'it is answered');
  while (slow.waiting.length < 4) {
    slow.socket.pause();
    expect(await here.writer.call('daemon.ping')).toBe('pong');
    slow.socket.resume();
    await new Promise((resolve) => slow.socket.once('data', resolve));
  }
  for (const line of slow.waiting) expect((JSON.parse(line) as Answer).result).toHaveProperty('projects.190');
});
