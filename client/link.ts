/** The way to the daemon: a connection that is made anew when it is lost, for all who call over it. */
import type { Connection } from './wire/connection.ts';
import { inTime, type Patience } from './wire/deadline.ts';
import { ConnectionError } from './errors.ts';
import type { Greeted } from './reach/greet.ts';

/** Is given the name and the parameters of a notification: `registry.event`, {@link EventNotification}. */
export type NotificationListener = (method: string, params: unknown) => void;

/** Makes another connection when one is lost. */
export type Open = (signal: AbortSignal) => Promise<Greeted>;

export class Link {
  readonly #open: Open;
  readonly #listeners = new Set<NotificationListener>();
  readonly #lostListeners = new Set<() => void>();
  readonly #closed = new AbortController();
  #current: Greeted;
  #opening: Promise<Connection> | undefined;

  /** @param first a connection to begin with */
  constructor(first: Greeted, open: Open) {
    this.#open = open;
    this.#current = first;
    this.#adopt(first);
  }

  /** The connection that there was last, and what the daemon said on it. */
  get current(): Greeted {
    return this.#current;
  }

  /** Aborted by {@link Link.close}. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** A new connection, which all who wait for one share. */
  async renew(patience: Patience): Promise<Connection> {
    this.#closed.signal.throwIfAborted();
    this.#opening ??= this.#reopen();
    return await inTime(this.#opening, patience);
  }

  /** Hears every notification of the daemon, until the function that is returned is called. */
  onNotification(listener: NotificationListener): () => void {
    return this.#listen(this.#listeners, listener);
  }

  /** Tells when a connection is lost, until the function that is returned is called. */
  onLost(listener: () => void): () => void {
    return this.#listen(this.#lostListeners, listener);
  }

  /** Ends the connection for good. */
  async close(): Promise<void> {
    this.#closed.abort(
      new ConnectionError('closed', 'cannot call the registry: this client was closed; connect again'),
    );
    await this.#current.connection.close();
  }

  async #reopen(): Promise<Connection> {
    try {
      const greeted = await this.#open(this.#closed.signal);
      if (this.#closed.signal.aborted) await greeted.connection.close();
      this.#closed.signal.throwIfAborted();
      this.#current = greeted;
      this.#adopt(greeted);
      return greeted.connection;
    } finally {
      this.#opening = undefined;
    }
  }

  #adopt({ connection }: Greeted): void {
    connection.onNotification = (method, params) => {
      for (const listener of this.#listeners) listener(method, params);
    };
    connection.onLost = () => {
      for (const listener of this.#lostListeners) listener();
    };
    this.#keepAlive();
  }

  #listen<T>(listeners: Set<T>, listener: T): () => void {
    listeners.add(listener);
    this.#keepAlive();
    return () => {
      listeners.delete(listener);
      this.#keepAlive();
    };
  }

  #keepAlive(): void {
    this.#current.connection.hold(this.#listeners.size > 0);
  }
}
