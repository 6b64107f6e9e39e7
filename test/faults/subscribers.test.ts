/** Many who look on while many write: everybody is told everything, once, in one order; and one who never reads. */
import { describe, expect, test } from 'vitest';
import type { EventNotification } from '../../src/protocol/events.ts';
import { temporaryDirectory } from '../support/home.ts';
import type { LineClient } from '../support/lines.ts';
import { report } from './support/report.ts';
import { codebase, connectTo, type Gardenerd, startGardenerd } from './support/gardenerd.ts';

const SUBSCRIBERS = 100;
const WRITERS = 8;
const CHANGES = 1_000;
/** For one that never reads, in bytes: well below what it would take to keep its events. */
const MOST_MEMORY = 60 * 1024 * 1024;

/** A change by its writer and its number there: `3/117`. */
type Change = string;

async function daemonWithProjects(count: number): Promise<{ daemon: Gardenerd; writers: LineClient[] }> {
  const dataDir = await temporaryDirectory();
  const source_path = await codebase(dataDir);
  const daemon = await startGardenerd({ dataDir });
  const writers = await Promise.all(Array.from({ length: count }, () => daemon.connect()));
  for (const [n, writer] of writers.entries()) {
    await writer.call('projects.register', { name: `p${n}`, source_path });
  }
  return { daemon, writers };
}

describe(`${CHANGES} changes of ${WRITERS} writers`, () => {
  test(`come to each of ${SUBSCRIBERS} subscribers, once, in one order`, { timeout: 240_000 }, async () => {
    const { daemon, writers } = await daemonWithProjects(WRITERS);
    /** When the last subscriber was told, by change. */
    const told = new Map<Change, number>();
    const peers = await Promise.all(
      Array.from({ length: SUBSCRIBERS }, () => connectTo(daemon.paths.socket)),
    );
    for (const peer of peers) await peer.call('registry.watch');
    const seen = peers.map((peer) => listen(peer, told));
    const acknowledged = new Map<Change, number>();
    const start = performance.now();
    await Promise.all(
      writers.map(async (writer, n) => {
        for (let count = n; count < CHANGES; count += WRITERS) {
          const change = `${n}/${count}`;
          await writer.call('projects.update', { project: `p${n}`, metadata: { change } });
          acknowledged.set(change, performance.now());
        }
      }),
    );
    const wrote = performance.now() - start;
    const orders = await Promise.all(seen);
    expect(new Set(orders[0])).toEqual(new Set(acknowledged.keys()));
    expect(orders[0]).toHaveLength(CHANGES);
    for (const order of orders) expect(order).toEqual(orders[0]);
    // Each writer's own changes are in the order in which it made them.
    for (const n of writers.keys()) {
      const own = orders[0]?.filter((change) => change.startsWith(`${n}/`));
      expect(own).toEqual([...acknowledged.keys()].filter((change) => change.startsWith(`${n}/`)));
    }

    const delays = [...told].map(([change, at]) => at - (acknowledged.get(change) ?? at));
    delays.sort((a, b) => a - b);
    const at = (share: number) => `${(delays[Math.floor(share * (delays.length - 1))] ?? 0).toFixed(1)} ms`;
    report(
      `${CHANGES} changes in ${wrote.toFixed(0)} ms; from the answer to the last of ${SUBSCRIBERS} subscribers: ` +
        `median ${at(0.5)}, 95 % ${at(0.95)}, longest ${at(1)}`,
    );
  });
});

/** Reads a subscription until all changes have come; gives them in the order of their coming. */
async function listen(peer: LineClient, told: Map<Change, number>): Promise<Change[]> {
  const order: Change[] = [];
  while (order.length < CHANGES) {
    const { params } = await peer.next();
    for (const event of (params as EventNotification).events) {
      if (event.type !== 'updated') throw new Error(`${event.type} came`);
      const change = event.project?.metadata['change'] as Change;
      order.push(change);
      told.set(change, performance.now());
    }
  }
  peer.socket.destroy();
  return order;
}

test('a subscriber that never reads costs no more than a little memory', { timeout: 240_000 }, async () => {
  const { daemon, writers } = await daemonWithProjects(1);
  const writer = writers[0] as LineClient;
  /** Events of about 30 KiB each. */
  const write = async (changes: number) => {
    for (let done = 0; done < changes; done += 100) {
      const batch = Array.from({ length: 100 }, (_, id) => {
        const metadata = { n: done + id, padding: 'x'.repeat(15 * 1024) };
        return { jsonrpc: '2.0', id, method: 'projects.update', params: { project: 'p0', metadata } };
      });
      writer.send(batch);
      await writer.line();
    }
  };
  // The history is full before, and whatever the daemon takes for so many changes is taken.
  await write(2_000);
  const before = await daemon.rss();
  const lazy = await daemon.connect();
  await lazy.call('registry.watch');
  lazy.socket.pause();
  await write(4_000);
  const after = await daemon.rss();
  const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
  report(`120 MiB of events for one that never reads: ${mib(before)} before, ${mib(after)} after`);
  expect(after - before).toBeLessThan(MOST_MEMORY);
  // And it is told how things stand once it reads.
  lazy.socket.resume();
  for (;;) {
    const { events } = (await lazy.next()).params as EventNotification;
    if (events.some(({ type }) => type === 'resync')) break;
  }
});
