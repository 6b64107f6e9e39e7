/** Changes as an async iterator that outlives connections and daemons. */
import type { EventNotification, EventOf, RegistryEvent } from '../src/protocol/events.ts';
import type { Params, Result } from '../src/protocol/methods.ts';
import { abortable, onAbort, pause } from './wire/deadline.ts';
import { ConnectionError } from './errors.ts';
import type { Family } from './verbs.ts';
import { isRefusal } from '../src/domain/values/refusal.ts';

/**
 * What may wait for a slow consumer; beyond it everything waiting is replaced by what holds then. What comes at once
 * is one more, however much it is. Events.
 */
export const MAX_WAITING_EVENTS = 1_000;
/** Pauses between attempts to reach a daemon that does not run, in milliseconds: the first, and the longest. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** What a watch needs of a client. */
interface Subscriber {
  readonly connected: boolean;
  readonly registry: Pick<Family<'registry'>, 'watch' | 'unwatch'>;
  onNotification(listener: (method: string, params: unknown) => void): () => void;
  onLost(listener: () => void): () => void;
}

/** Which changes, from where on, and until when. */
export interface WatchOptions extends Params<'registry.watch'> {
  /** Ends the iteration by throwing its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** An event, told apart by `type`, and where to go on after it. */
export type WatchEvent = RegistryEvent & {
  /**
   * Where to go on: a later watch with this cursor misses nothing, and sees at most the events that came together with
   * this one once more.
   */
  readonly cursor: string;
};

/** What has changes to iterate over. */
export interface Watching {
  /**
   * Iterates over the changes of the registry.
   *
   * Without a cursor the first event is a `resync` with every project. After a lost connection or a restart of the
   * daemon the series goes on where it was; where that is not possible, or where the consumer is too slow, another
   * `resync` takes the place of what was missed. So whoever applies each event to what they have, and replaces it on
   * `resync`, has what the registry has. Leaving the loop ends the subscription.
   *
   * @param options which changes, from where on, and until when; default all of them, until the loop is left
   * @throws {RegistryError} `project_not_found` and the like
   * @throws {ConnectionError} when the daemon may not be reached or cannot be started; one that merely does not run is
   *   waited for
   * @throws the reason of `options.signal`
   *
   * @example
   * for await (const event of registry.watch({ progress: true })) {
   *   if (event.type === 'training') console.log(event.project.name, event.outcome);
   * }
   */
  watch(options?: WatchOptions): AsyncGenerator<WatchEvent, void, void>;
}

/** See {@link Watching.watch}. */
export async function* watch(
  client: Subscriber,
  { signal, ...params }: WatchOptions = {},
): AsyncGenerator<WatchEvent, void, void> {
  let inbox = new Inbox();
  const stops = [
    client.onNotification((method, notification) => {
      if (method === 'registry.event') inbox.add(notification as EventNotification);
    }),
    client.onLost(() => inbox.interrupt()),
  ];
  if (signal) stops.push(onAbort(signal, () => inbox.interrupt()));
  let { cursor, project } = params;
  let subscription: string | undefined;
  try {
    for (;;) {
      const subscribed = await subscribe(client, { ...params, project, cursor }, signal);
      // What came until here belongs to an earlier subscription, as does a loss.
      inbox = new Inbox(subscribed.subscription);
      ({ subscription, cursor } = subscribed);
      // By its id from here on: it may have another name when the connection is made anew.
      if (project !== undefined) project = subscribed.projects?.[0]?.project_id ?? project;
      if (subscribed.projects) yield { ...snapshot(subscribed), cursor };
      for (;;) {
        const got = await inbox.next();
        signal?.throwIfAborted();
        if (got === 'interrupted') break;
        if (got === 'overflowed') {
          forget(client, subscription);
          cursor = undefined;
          break;
        }
        const last = got.events.length - 1;
        for (const [at, event] of got.events.entries()) {
          yield { ...event, cursor: at === last ? got.cursor : cursor };
        }
        cursor = got.cursor;
      }
    }
  } finally {
    for (const stop of stops) stop();
    if (subscription !== undefined) forget(client, subscription);
  }
}

/** Whether an error says that the daemon has ended or does not run, which is waited for. */
export function isAway(error: unknown): boolean {
  return error instanceof ConnectionError && ['lost', 'not_running'].includes(error.reason);
}

/** Subscribes, with a snapshot where the cursor is of no use any more, and waits for a daemon that is not there. */
async function subscribe(
  client: Subscriber,
  params: Params<'registry.watch'>,
  signal: AbortSignal | undefined,
): Promise<Result<'registry.watch'>> {
  let wanted = params;
  for (let rest = FIRST_PAUSE_MS; ; rest = Math.min(2 * rest, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted();
    const call = client.registry.watch(wanted);
    try {
      return await abortable(call, signal);
    } catch (error) {
      if (signal?.aborted) {
        // Where the call fails, there is nothing to end.
        call.then(
          ({ subscription }) => forget(client, subscription),
          () => undefined,
        );
        throw error;
      }
      if (isRefusal(error, 'cursor_expired')) {
        wanted = { ...params, cursor: undefined };
        continue;
      }
      if (!isAway(error)) throw error;
    }
    await pause(rest, signal);
  }
}

function snapshot({
  projects = [],
  active_project = null,
  // An older daemon does not say.
  problem = null,
  read_only = false,
}: Result<'registry.watch'>): EventOf<'resync'> {
  const at = new Date().toISOString();
  return { type: 'resync', projects, active_project, problem, read_only, origin: 'rpc', at };
}

/** Ends a subscription that nobody reads any more. */
function forget(client: Subscriber, subscription: string): void {
  if (!client.connected) return;
  client.registry.unwatch({ subscription }).catch(() => {
    // The connection was lost, and the subscription with it.
  });
}

/** What has come of one subscription and was not taken yet, and the one who waits for it. */
class Inbox {
  readonly #subscription: string | undefined;
  #waiting: EventNotification[] = [];
  #events = 0;
  #overflowed = false;
  #interrupted = false;
  #wake: () => void = () => undefined;

  constructor(subscription?: string) {
    this.#subscription = subscription;
  }

  add(notification: EventNotification): void {
    // A client may have other watches, and hears of all of them.
    if (notification.subscription !== this.#subscription || this.#overflowed) return;
    if (this.#events >= MAX_WAITING_EVENTS) {
      this.#waiting = [];
      this.#overflowed = true;
    } else {
      this.#waiting.push(notification);
      this.#events += notification.events.length;
    }
    this.#wake();
  }

  /** What has come is still given out; then whoever waits is told. */
  interrupt(): void {
    this.#interrupted = true;
    this.#wake();
  }

  async next(): Promise<EventNotification | 'interrupted' | 'overflowed'> {
    for (;;) {
      const first = this.#waiting.shift();
      if (first) {
        this.#events -= first.events.length;
        return first;
      }
      if (this.#interrupted) return 'interrupted';
      if (this.#overflowed) return 'overflowed';
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
