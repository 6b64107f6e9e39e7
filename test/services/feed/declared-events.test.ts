/** Every event that is declared is sent, and as it is declared: whoever receives one here holds it to its schema. */
import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { events, type EventType } from '../../../src/protocol/events.ts';
import { subscribe } from '../../support/events.ts';
import type { LineClient } from '../../support/lines.ts';
import { begin, request, type World, world } from '../../support/world.ts';

const SPOILT = '{\n  "version": "1.2",\n  "projects": oops\n}\n';

/** What makes a daemon with the projects "a" and "b" send each, to the connection `peer`. */
const PROVOKE: Readonly<Record<EventType, (world: World, peer: LineClient) => Promise<unknown>>> = {
  registered: ({ add }) => add('c'),
  updated: ({ writer }) => writer.call('projects.touch', { project: 'a' }),
  removed: ({ writer }) => writer.call('projects.remove', { project: 'a' }),
  activated: ({ writer }) => writer.call('projects.activate', { project: 'b' }),
  training: ({ writer }) => begin(writer, 'a', { stall_ms: 60_000 }),
  async progress({ writer }) {
    const token = await begin(writer, 'a');
    await writer.call('training.progress', { project: 'a', token, progress: 0.5, details: { loss: 1 } });
  },
  problem: ({ paths }) => writeFile(paths.registryFile, SPOILT),
  async recovered({ paths, writer }) {
    const good = await readFile(paths.registryFile);
    await writeFile(paths.registryFile, SPOILT);
    await writer.call('registry.reload');
    await writeFile(paths.registryFile, good);
  },
  shutdown: ({ writer }) => writer.call('daemon.shutdown'),
  async resync({ writer }, peer) {
    peer.socket.pause();
    // The first fill the socket, and the others have to wait: more than may.
    for (let round = 0; round < 2; round += 1) {
      const metadata = { round, padding: 'x'.repeat(15_000) };
      const change = (id: number) =>
        request(id, 'projects.update', { project: 'a', metadata: { ...metadata, id } });
      writer.send(Array.from({ length: 100 }, (_, id) => change(id)));
      await writer.next();
    }
    peer.socket.resume();
  },
};

test.each(events)('$type', async ({ type }) => {
  expect(PROVOKE, `add a row to PROVOKE, which makes a daemon send ${type}`).toHaveProperty(type);
  const running = await world(['a', 'b']);
  const peer = await running.connect();
  const subscriber = await subscribe(peer, { progress: true });
  await PROVOKE[type](running, peer);
  await subscriber.until((event) => event.type === type);
});
