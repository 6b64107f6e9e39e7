/** What one agent has of the registry: a connection, made when it is first needed, and the leases that it holds. */
import type { Client } from '../client.ts';

export class Session {
  readonly #connect: (signal: AbortSignal) => Promise<Client>;
  readonly #ended = new AbortController();
  #connecting: Promise<Client> | undefined;

  /** @param connect makes the connection, starting the daemon where none runs; the signal ends the attempt */
  constructor(connect: (signal: AbortSignal) => Promise<Client>) {
    this.#connect = connect;
  }

  /** The connection; a failed attempt is made again by the next call. */
  client(): Promise<Client> {
    this.#connecting ??= this.#connect(this.#ended.signal).catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  /** Gives back what is held, and ends the connection. */
  async close(): Promise<void> {
    this.#ended.abort();
    const client = await this.#connecting?.catch(() => undefined);
    await client?.close();
  }
}
