/** `client.watch`: one series of changes through lost connections, restarts and slowness. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Client, connect, ConnectionError, RegistryError, type WatchEvent } from '../../client/index.ts';
import { MAX_WAITING_EVENTS, type WatchOptions } from '../../client/watch.ts';
import { brief, manyUpdates, Replica, servedState } from '../support/events.ts';
import { until } from '../support/until.ts';
import { wire } from '../support/wire.ts';
import { request, world, type World } from '../support/world.ts';
import { answer, failure, standIn } from './stand-in.ts';
import { reasonOf } from './support.ts';

/** A client of a daemon that somebody else starts and ends. */
async function clientOf(socket: string): Promise<Client> {
  const client = await connect({ socket, autoStart: false });
  onTestFinished(() => client.close());
  return client;
}

/** Takes the events of a watch as they come. */
class Reader {
  readonly events: WatchEvent[] = [];
  /** What the events amount to, if they begin with everything there is. */
  readonly replica = new Replica();
  /** Resolves when the iteration has ended, with what it threw. */
  readonly ended: Promise<unknown>;
  #hasEnded = false;

  constructor(client: Client, options: WatchOptions = {}) {
    const isWhole = options.cursor === undefined;
    this.ended = reasonOf(this.#read(client.watch(options), isWhole)).finally(() => (this.#hasEnded = true));
  }

  get briefs(): string[] {
    return this.events.map(brief);
  }

  /** Waits for an event, which may have come already. */
  async when(wanted: string): Promise<WatchEvent> {
    return await until(async () => {
      const found = this.events.find((event) => brief(event) === wanted);
      if (!found && this.#hasEnded) throw new Error(`the watch has ended: ${String(await this.ended)}`);
      return found;
    }, `${wanted} comes`);
  }

  async #read(events: AsyncIterable<WatchEvent>, isWhole: boolean): Promise<void> {
    for await (const event of events) {
      this.events.push(event);
      if (isWhole) this.replica.apply(event);
    }
  }
}

/** Reads a watch of everything until the test is over. */
function reader(client: Client, options: WatchOptions = {}): Reader {
  const over = new AbortController();
  onTestFinished(() => over.abort());
  return new Reader(client, { signal: over.signal, ...options });
}

const subscriptions = async ({ writer }: World) => (await writer.call('daemon.status'))['subscriptions'];

describe('a watch', () => {
  test('begins with everything, and goes on with every change and its cursor', async () => {
    const { writer, paths, add } = await world(['a', 'b']);
    const watching = reader(await clientOf(paths.socket));
    expect(await watching.when('resync')).toMatchObject({
      cursor: (await writer.call('registry.info'))['cursor'],
    });
    expect(watching.replica.state).toEqual(await servedState(writer));
    await add('c');
    await writer.call('projects.remove', { project: 'a' });
    expect(await watching.when('activated b')).toMatchObject({
      origin: 'rpc',
      cursor: (await writer.call('registry.info'))['cursor'],
    });
    expect(watching.briefs).toEqual(['resync', 'registered c', 'removed a', 'activated b']);
    expect(watching.replica.state).toEqual(await servedState(writer));
  });

  test('may be of one project, and of progress', async () => {
    const { writer, paths } = await world(['a', 'b']);
    const watching = reader(await clientOf(paths.socket), { project: 'b', progress: true });
    await watching.when('resync');
    await writer.call('projects.touch', { project: 'a' });
    const { token } = await writer.call('training.begin', { project: 'b' });
    await writer.call('training.progress', { project: 'b', token, progress: 0.5 });
    await watching.when('progress b');
    expect(watching.briefs).toEqual(['resync', 'training b', 'progress b']);
  });

  test('takes what comes at once, however much it is', async () => {
    const { writer, paths } = await world(['a']);
    const watching = reader(await clientOf(paths.socket));
    await watching.when('resync');
    // Each is two changes, and all are one notification.
    const activations = Array.from({ length: 1_000 }, (_, id) =>
      request(id, 'projects.activate', { project: id % 2 === 0 ? null : 'a' }),
    );
    writer.send(activations);
    await writer.line();
    await writer.call('projects.remove', { project: 'a' });
    await watching.when('removed a');
    expect(watching.events.length).toBeGreaterThan(MAX_WAITING_EVENTS);
    expect(watching.briefs.filter((text) => text === 'resync')).toHaveLength(1);
  });

  test('of a project that does not exist throws', async () => {
    const { paths } = await world(['payments']);
    const reason = await reader(await clientOf(paths.socket), { project: 'paymnets' }).ended;
    expect(reason).toBeInstanceOf(RegistryError);
    expect(reason).toMatchObject({ kind: 'project_not_found', data: { suggestions: ['payments'] } });
  });

  test('throws when the client is closed', async () => {
    const { paths } = await world(['a']);
    const client = await clientOf(paths.socket);
    const watching = reader(client);
    await watching.when('resync');
    await client.close();
    const reason = await watching.ended;
    expect(reason).toBeInstanceOf(ConnectionError);
    expect(reason).toMatchObject({ reason: 'closed' });
  });
});

describe('after a lost connection', () => {
  test('a watch goes on where it was', async () => {
    const { writer, paths } = await world(['a']);
    const line = await wire(paths.socket);
    const watching = reader(await clientOf(line.socket));
    await watching.when('resync');
    for (let n = 0; n < 10; n += 1) {
      line.cut();
      await writer.call('projects.update', { project: 'a', name: `a${n}` });
      await writer.call('projects.update', { project: `a${n}`, name: 'a' });
      await watching.when(`updated a${n}`);
    }
    expect(line.accepted).toBeGreaterThan(5);
    await until(() => watching.events.length === 21, 'all events have come');
    expect(watching.briefs.filter((text) => text === 'resync')).toHaveLength(1);
    expect(watching.replica.state).toEqual(await servedState(writer));
  });

  test('a watch of one project goes on under its new name', async () => {
    const { writer, paths } = await world(['a']);
    const { socket, cut } = await wire(paths.socket);
    const watching = reader(await clientOf(socket), { project: 'a' });
    await watching.when('resync');
    await writer.call('projects.update', { project: 'a', name: 'b' });
    await watching.when('updated b');
    cut();
    await writer.call('projects.update', { project: 'b', name: 'c' });
    expect(await watching.when('updated c')).toMatchObject({ previous: { name: 'b' } });
  });
});

describe('after a restart of the daemon', () => {
  test('a watch waits for the next one and begins anew with everything', async () => {
    const before = await world(['a']);
    const watching = reader(await clientOf(before.paths.socket));
    await watching.when('resync');
    await before.writer.call('projects.touch', { project: 'a' });
    const { writer, add } = await before.restart();
    await add('b');
    await until(() => watching.replica.state.projects.length === 2, 'the new project is known');
    expect(watching.briefs.slice(0, 4)).toEqual(['resync', 'updated a', 'shutdown', 'resync']);
    expect(watching.replica.state).toEqual(await servedState(writer));
  });

  test('two watches of one client are not taken for each other', async () => {
    const before = await world(['a', 'b']);
    const client = await clientOf(before.paths.socket);
    const slow = client.watch({ project: 'b' });
    onTestFinished(async () => void (await slow.return()));
    const replica = new Replica();
    const take = async () => {
      const { value } = await slow.next();
      if (!value) throw new Error('the watch has ended');
      replica.apply(value);
      return brief(value);
    };
    expect(await take()).toBe('resync');
    // The first subscription of each daemon: of the one before the slow watch, of the next the quick one.
    const quick = reader(client, { project: 'a' });
    await quick.when('resync');
    const { writer } = await before.restart();
    await until(() => quick.briefs.filter((text) => text === 'resync').length === 2, 'the quick one goes on');
    await writer.call('projects.touch', { project: 'a' });
    await quick.when('updated a');
    await writer.call('projects.update', { project: 'b', language: 'go' });
    // What it had not taken of the old daemon, then everything of the new one.
    expect([await take(), await take()]).toEqual(['shutdown', 'resync']);
    await writer.call('projects.remove', { project: 'b' });
    expect(await take()).toBe('removed b');
    expect(quick.briefs).toEqual(['resync', 'shutdown', 'resync', 'updated a']);
  });

  test('a watch that subscribes to a daemon that is just ending goes on with the next', async () => {
    const { socket } = await standIn(({ id, method }, peer, { accepted }) => {
      if (method !== 'registry.watch') return;
      const text = 'the daemon has shut down';
      if (accepted === 1) peer.end(failure(null, 1011, text, { kind: 'shutting_down', suggestions: [] }));
      else peer.write(answer(id, { subscription: 's', cursor: 'e:0', projects: [], active_project: null }));
    });
    expect(await reader(await clientOf(socket)).when('resync')).toMatchObject({ cursor: 'e:0' });
  });
});

describe('a consumer that is too slow', () => {
  test('gets a resync in place of what it missed, and then goes on without a gap', async () => {
    const { writer, paths } = await world(['a', 'b']);
    const client = await clientOf(paths.socket);
    const events = client.watch();
    onTestFinished(async () => void (await events.return()));
    const replica = new Replica();
    const seen: string[] = [];
    const takeUntil = async (wanted: string) => {
      do {
        const { value } = await events.next();
        if (!value) throw new Error('the watch has ended');
        replica.apply(value);
        seen.push(brief(value));
      } while (seen.at(-1) !== wanted);
    };
    await takeUntil('resync');
    for (let round = 0; round < 4; round += 1) {
      writer.send(manyUpdates(MAX_WAITING_EVENTS / 2, 'a'));
      await writer.line();
    }
    // Until the client has read all of it, its daemon's answer among the events.
    await client.daemon.ping();
    await takeUntil('resync');
    expect(replica.state).toEqual(await servedState(writer));
    await writer.call('projects.remove', { project: 'a' });
    await takeUntil('activated b');
    expect(seen.slice(-3)).toEqual(['resync', 'removed a', 'activated b']);
    expect(replica.state).toEqual(await servedState(writer));
  });
});

describe('the end of a watch', () => {
  test('by leaving the loop ends the subscription', async () => {
    const here = await world(['a']);
    for await (const event of (await clientOf(here.paths.socket)).watch()) {
      expect(event.type).toBe('resync');
      expect(await subscriptions(here)).toBe(1);
      break;
    }
    await until(async () => (await subscriptions(here)) === 0, 'the subscription has ended');
  });

  test('by an error of the consumer ends the subscription', async () => {
    const here = await world(['a']);
    const client = await clientOf(here.paths.socket);
    const consume = async () => {
      for await (const event of client.watch()) throw new Error(`cannot bear ${event.type}`);
    };
    expect(await reasonOf(consume())).toEqual(new Error('cannot bear resync'));
    await until(async () => (await subscriptions(here)) === 0, 'the subscription has ended');
  });

  test('by the signal throws its reason and ends the subscription', async () => {
    const here = await world(['a']);
    const caller = new AbortController();
    const watching = reader(await clientOf(here.paths.socket), { signal: caller.signal });
    await watching.when('resync');
    caller.abort(new Error('the window was closed'));
    expect(await watching.ended).toEqual(new Error('the window was closed'));
    await until(async () => (await subscriptions(here)) === 0, 'the subscription has ended');
  });

  test('by the signal while it subscribes leaves no subscription', async () => {
    const here = await world(['a']);
    const client = await clientOf(here.paths.socket);
    const caller = new AbortController();
    const watching = new Reader(client, { signal: caller.signal });
    // The request has left by the next turn.
    await turn();
    caller.abort();
    expect(await watching.ended).toBe(caller.signal.reason);
    await client.daemon.ping();
    await until(async () => (await subscriptions(here)) === 0, 'the subscription has ended');
  });

  test('by the signal while no daemon runs comes at once', async () => {
    const here = await world(['a']);
    const caller = new AbortController();
    const watching = reader(await clientOf(here.paths.socket), { signal: caller.signal });
    await watching.when('resync');
    const stopped = here.daemon.stop('the test');
    here.writer.socket.destroy();
    await stopped;
    await watching.when('shutdown');
    caller.abort();
    expect(await watching.ended).toBe(caller.signal.reason);
  });

  test('of one leaves the other of the same client alone', async () => {
    const here = await world(['a']);
    const client = await clientOf(here.paths.socket);
    const watching = reader(client);
    await watching.when('resync');
    for await (const event of client.watch()) if (event) break;
    await until(async () => (await subscriptions(here)) === 1, 'the subscription has ended');
    await here.writer.call('projects.touch', { project: 'a' });
    await watching.when('updated a');
  });
});

describe('a cursor', () => {
  test('that was handed over is where another client goes on', async () => {
    const { writer, paths } = await world(['a']);
    const first = reader(await clientOf(paths.socket));
    await first.when('resync');
    await writer.call('projects.update', { project: 'a', language: 'go' });
    const { cursor } = await first.when('updated a');
    await writer.call('projects.activate', { project: null });
    const second = reader(await clientOf(paths.socket), { cursor });
    await second.when('activated -');
    expect(second.briefs).toEqual(['activated -']);
  });

  test('of an event in the middle leads to the events that came with it', async () => {
    const { writer, paths, add } = await world(['a']);
    const first = reader(await clientOf(paths.socket));
    await first.when('resync');
    await add('b', { activate: true });
    await first.when('activated b');
    const second = reader(await clientOf(paths.socket), {
      cursor: (await first.when('registered b')).cursor,
    });
    await writer.call('projects.activate', { project: null });
    await second.when('activated -');
    expect(second.briefs).toEqual(['registered b', 'activated b', 'activated -']);
  });

  test('of an earlier daemon leads to a resync', async () => {
    const before = await world(['a']);
    const first = reader(await clientOf(before.paths.socket));
    const { cursor } = await first.when('resync');
    const { writer, paths } = await before.restart();
    const second = reader(await clientOf(paths.socket), { cursor });
    const { projects, active_project } = (await second.when('resync')) as WatchEvent & { type: 'resync' };
    expect(new Replica({ projects, active_project }).state).toEqual(await servedState(writer));
  });
});
