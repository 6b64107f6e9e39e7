import { afterEach, expect, test, vi } from 'vitest';
import type { Client } from '../../../client/client.ts';
import { ConnectionError } from '../../../client/errors.ts';
import { Following } from '../../../client/mcp/resources/following.ts';
import { LIST } from '../../../client/mcp/resources/known.ts';
import { ACTIVE, PROJECTS } from '../../../client/mcp/resources/uris.ts';
import { type Connect, Session } from '../../../client/mcp/session.ts';
import type { WatchEvent, WatchOptions } from '../../../client/watch.ts';
import { toWire } from '../../../src/domain/encoding.ts';
import { NOW, project, uuid } from '../../support/projects.ts';

const ALL: WatchEvent = {
  type: 'resync',
  projects: [toWire(project(1))],
  active_project: uuid(1),
  problem: null,
  read_only: false,
  origin: 'rpc',
  at: NOW,
  cursor: 'a:1',
};

/** A client of a registry in which nothing happens. */
function client(): Client {
  const idle = {
    async *watch({ signal }: WatchOptions) {
      yield ALL;
      await new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    },
    close: async () => undefined,
  };
  return idle as unknown as Client;
}

/** What follows for a session that connects in this way, and what it has told. */
function following(connect: Connect) {
  const session = new Session(connect);
  const told: string[][] = [];
  return { session, told, all: new Following(session, (changed) => told.push([...changed])) };
}

afterEach(() => vi.useRealTimers());

test('a daemon that is away is started once; that somebody ends it later is not undone', async () => {
  const starts: boolean[] = [];
  const { session, told, all } = following(async ({ autoStart = true }) => {
    starts.push(autoStart);
    return client();
  });
  expect(await Promise.all([all.begin(), all.begin()])).toEqual([undefined, undefined]);
  expect(starts).toEqual([true, false]);
  // What holds at the beginning is no news.
  expect(told).toEqual([]);
  await session.close();
});

test('a daemon that cannot be reached is reached later, and what may have been missed is told then', async () => {
  vi.useFakeTimers();
  const away = new ConnectionError('not_running', 'no daemon listens');
  let isAway = true;
  const { session, told, all } = following(async () => {
    if (isAway) throw away;
    return client();
  });
  expect(await all.begin()).toBe(away);
  isAway = false;
  const [begun] = await Promise.all([all.begin(), vi.runAllTimersAsync()]);
  expect(begun).toBeUndefined();
  expect(told).toEqual([expect.arrayContaining([PROJECTS, ACTIVE, LIST])]);
  await session.close();
});

test('what no later attempt can mend ends it, and whoever asks again is told anew', async () => {
  // No later attempt is waited for.
  vi.useFakeTimers();
  const denied = new ConnectionError('not_allowed', 'permission denied');
  let attempts = 0;
  const { all } = following(async () => {
    attempts += 1;
    throw denied;
  });
  expect(await all.begin()).toBe(denied);
  expect(await all.begin()).toBe(denied);
  expect(attempts).toBe(2);
});
