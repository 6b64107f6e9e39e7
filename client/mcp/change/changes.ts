/** What happens in the registry, for all calls of a session that wait for something: a connection has few subscriptions. */
import { EventEmitter, on, once } from 'node:events';
import type { Client } from '../../client.ts';
import type { WatchEvent } from '../../watch.ts';
import { abortable } from '../../wire/deadline.ts';

/** The one subscription, while anybody follows. */
interface Shared {
  readonly emitter: EventEmitter<{ event: [WatchEvent]; error: [unknown] }>;
  /** Resolves once nothing is missed any more. */
  readonly begun: Promise<unknown>;
  readonly ended: AbortController;
  followers: number;
}

export class Changes {
  #shared: Shared | undefined;

  /**
   * Follows the changes of all projects, progress too, as `watch` does. What is first given is undefined: nothing is missed
   * from then on, and what holds is to be asked for. An event may be older than what was asked for.
   *
   * @throws {ConnectionError} as `watch` does
   * @throws the reason of the signal
   */
  async *follow(client: Client, signal: AbortSignal): AsyncGenerator<WatchEvent | undefined, void, void> {
    const shared = (this.#shared ??= this.#begin(client));
    shared.followers += 1;
    const events = on(shared.emitter, 'event', { signal });
    try {
      await abortable(shared.begun, signal);
      yield undefined;
      for await (const [event] of events) yield event as WatchEvent;
    } catch (error) {
      // Node has an error of its own for that.
      signal.throwIfAborted();
      throw error;
    } finally {
      shared.followers -= 1;
      if (shared.followers === 0) this.#end(shared);
      await events.return?.();
    }
  }

  #begin(client: Client): Shared {
    const emitter: Shared['emitter'] = new EventEmitter();
    // As many as wait.
    emitter.setMaxListeners(0);
    // Whoever has just stopped does not have to know.
    emitter.on('error', () => undefined);
    const ended = new AbortController();
    const shared: Shared = { emitter, begun: once(emitter, 'event'), ended, followers: 0 };
    // Whoever follows is told so, too.
    shared.begun.catch(() => undefined);
    const run = async (): Promise<void> => {
      for await (const event of client.watch({ progress: true, signal: ended.signal }))
        emitter.emit('event', event);
    };
    run().catch((error: unknown) => {
      if (ended.signal.aborted) return;
      this.#end(shared);
      emitter.emit('error', error);
    });
    return shared;
  }

  #end(shared: Shared): void {
    if (this.#shared === shared) this.#shared = undefined;
    shared.ended.abort();
  }
}
