/** Events that together are longer than a string can be, which the daemon must live through. */
import { expect, test } from 'vitest';
import type { EventNotification } from '../../../src/protocol/events.ts';
import type { Watched } from '../../../src/services/feed/event-text.ts';
import { Feed } from '../../../src/services/feed/feed.ts';
import type { Outlet } from '../../../src/services/feed/subscription.ts';
import { Turns } from '../../../src/system/turns.ts';
import { LATER, project, registryOf } from '../../support/projects.ts';

const MIB = 1024 * 1024;

class Recorder implements Outlet {
  readonly congested = false;
  closed = false;
  readonly sent: string[] = [];

  send(line: string): void {
    this.sent.push(line);
  }

  close(): void {
    this.closed = true;
  }

  get events(): EventNotification['events'] {
    return this.sent.flatMap((line) => (JSON.parse(line) as { params: EventNotification }).params.events);
  }
}

/** So many projects, before and after, of a megabyte each. */
function step(count: number): { before: Watched; commit: Parameters<Feed['committed']>[0] } {
  const metadata = { a: 'x'.repeat(MIB) };
  const projects = Array.from({ length: count }, (_, n) => project(n, { metadata }));
  const changes = projects.map((before) => ({
    id: before.project_id,
    before,
    after: { ...before, file_count: 1 },
  }));
  return {
    before: { registry: registryOf(...projects), problem: null, readOnly: false },
    commit: { changes, origin: 'file', at: LATER },
  };
}

const never = (error: unknown): never => {
  throw error;
};
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

function subscribe(feed: Feed, options: { cursor?: string } = {}): Recorder {
  const outlet = new Recorder();
  feed.start(feed.watch(outlet, options).subscription);
  return outlet;
}

test('what fits comes as it happened to whoever reads', async () => {
  const { before, commit } = step(20);
  const feed = new Feed('e', before, new Turns(), never);
  const outlet = subscribe(feed);
  feed.committed(commit);
  await nextTurn();
  expect(outlet.events.map(({ type }) => type)).toEqual(Array.from({ length: 20 }, () => 'updated'));
});

test('what a string has no room for comes as one resync, also to whoever resumes', async () => {
  const { before, commit } = step(40);
  const feed = new Feed('e', before, new Turns(), never);
  const outlet = subscribe(feed);
  feed.committed(commit);
  await nextTurn();
  expect(outlet.events.map(({ type }) => type)).toEqual(['resync']);
  const late = subscribe(feed, { cursor: 'e:0' });
  expect(late.events.map(({ type }) => type)).toEqual(['resync']);
});

test('where even that cannot be written the subscriber is cut off, and the next one is served', async () => {
  const { before, commit } = step(40);
  const errors: unknown[] = [];
  const tooLong = new RangeError('Invalid string length');
  let isTooLong = true;
  const watched = {
    ...before,
    get registry() {
      if (isTooLong) throw tooLong;
      return before.registry;
    },
  };
  const feed = new Feed('e', watched, new Turns(), (error) => errors.push(error));
  const [outlet, other] = [subscribe(feed), subscribe(feed)];
  feed.committed(commit);
  await nextTurn();
  expect(errors).toEqual([tooLong, tooLong]);
  expect([outlet.closed, outlet.sent, other.closed]).toEqual([true, [], true]);
  expect(feed.subscriptions).toBe(0);
  isTooLong = false;
  const next = subscribe(feed);
  feed.committed({ ...commit, changes: commit.changes.slice(0, 1) });
  await nextTurn();
  expect(next.events.map(({ type }) => type)).toEqual(['updated']);
});
