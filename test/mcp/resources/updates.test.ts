import { Duplex } from 'node:stream';
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from '@modelcontextprotocol/server';
import { expect, test } from 'vitest';
import { MAX_IN_FLIGHT } from '../../../src/protocol/limits.ts';
import { startAgent } from '../../support/agent.ts';
import { type Answer, LineClient } from '../../support/lines.ts';
import { trainable } from '../../support/trainer.ts';

const UPDATED = 'notifications/resources/updated';
const LISTED = 'notifications/resources/list_changed';
const updated = (uri: string) => ({ method: UPDATED, params: { uri } });

/** Notifications, in any order. */
async function told(peer: LineClient<Duplex>, count: number): Promise<unknown[]> {
  const all: Answer[] = [];
  while (all.length < count) all.push(await peer.next());
  return all.map(({ method, params }) => ({ method, params }));
}

test('a program is told of what it has subscribed to, and of another list, also after a restart of the daemon', async () => {
  const { cli, registry } = await trainable();
  const { peer } = await startAgent(cli);
  await peer.call('resources/subscribe', { uri: 'gardener://projects/PAYments' });
  await peer.call('resources/subscribe', { uri: 'gardener://active' });
  await registry.projects.register({ name: 'other', source_path: cli.home });
  expect(await told(peer, 1)).toEqual([{ method: LISTED }]);

  // What happens at once is told once.
  await Promise.all(
    ['a', 'b', 'c'].map((tag) => registry.projects.update({ project: 'payments', tags: [tag] })),
  );
  expect(await told(peer, 2)).toEqual([
    updated('gardener://projects/PAYments'),
    updated('gardener://active'),
  ]);
  await peer.call('resources/unsubscribe', { uri: 'gardener://projects/PAYments' });
  await registry.projects.update({ project: 'payments', tags: [] });
  expect(await told(peer, 1)).toEqual([updated('gardener://active')]);
  expect(peer.waiting).toEqual([]);

  expect(await cli.run(['daemon', 'restart'])).toMatchObject({ code: 0 });
  await registry.projects.update({ project: 'payments', name: 'invoices' });
  expect(await told(peer, 2)).toEqual([updated('gardener://active'), { method: LISTED }]);
});

test('a program of the later era is told of what it listens to', async () => {
  const { cli, registry } = await trainable();
  const { child } = cli.start(['mcp'], { input: null });
  const peer = new LineClient<Duplex>(Duplex.from({ readable: child.stdout, writable: child.stdin }));
  const envelope = {
    [PROTOCOL_VERSION_META_KEY]: '2026-07-28',
    [CLIENT_INFO_META_KEY]: { name: 'test', version: '1' },
    [CLIENT_CAPABILITIES_META_KEY]: {},
  };
  const uri = 'gardener://projects/Payments';
  const notifications = { resourcesListChanged: true, resourceSubscriptions: [uri] };
  const listen = (id: number) => {
    const params = { _meta: envelope, notifications };
    peer.send({ jsonrpc: '2.0', id, method: 'subscriptions/listen', params });
  };
  listen(7);
  expect(await peer.next()).toMatchObject({ params: { notifications } });
  // Listening has an answer only when it ends, but reading comes after it.
  await peer.call('resources/list', { _meta: envelope });

  await registry.projects.update({ project: 'payments', tags: ['a'] });
  expect(await told(peer, 1)).toMatchObject([updated(uri)]);
  await registry.projects.register({ name: 'other', source_path: cli.home });
  expect(await told(peer, 1)).toMatchObject([{ method: LISTED }]);

  // Whoever listens too often is told so, and answered on.
  for (let id = 8; id < 8 + MAX_IN_FLIGHT; id += 1) listen(id);
  const { contents } = await peer.call('resources/read', { _meta: envelope, uri: 'gardener://active' });
  expect(contents).toHaveLength(1);
  expect(peer.waiting.filter((line) => line.includes('Subscription limit reached'))).not.toEqual([]);
});
