/** What one agent has of the registry: a connection, made when it is first needed, and what it holds until it ends. */
import { MAX_CALLER } from '../../src/domain/limits.ts';
import { cutText } from '../../src/domain/values/text.ts';
import { printable } from '../../src/system/printable.ts';
import type { Client } from '../client.ts';
import { Changes } from './change/changes.ts';
import { Updates } from './resources/updates.ts';
import { Work } from './work/work.ts';

/** Makes the connection, starting the daemon where none runs. */
export type Connect = (options: {
  /** What the registry's log, and others who look at the work that is held, call this client. */
  readonly name: string;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  /** Where no daemon runs, none is started. */
  readonly autoStart?: false;
}) => Promise<Client>;

export class Session {
  readonly #connect: Connect;
  readonly #ended = new AbortController();
  readonly #held = new Set<() => Promise<unknown>>();
  #agent: string | undefined;
  #connecting: Promise<Client> | undefined;
  /** The trainings that the agent has claimed. */
  readonly work = new Work(this);
  /** What its calls wait for. */
  readonly changes = new Changes();
  /** What the agent's program is told of. */
  readonly updates = new Updates(this);

  constructor(connect: Connect) {
    this.#connect = connect;
  }

  /** Notes what the agent's program calls itself; a connection that there is already keeps its name. */
  introduce(name: string, version: string | undefined): void {
    this.#agent = printable(version === undefined ? name : `${name} ${version}`);
  }

  /**
   * The connection; a failed attempt is made again by the next call.
   *
   * @throws {Error} what `connect` throws, and an abort once the session has ended
   */
  async client(): Promise<Client> {
    const { signal } = this.#ended;
    signal.throwIfAborted();
    this.#connecting ??= this.#connect({ name: callerName(this.#agent), signal }).catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return await this.#connecting;
  }

  /**
   * Another connection, for what is waited for all the time: it starts no daemon, as it would whenever somebody has ended
   * that. To be closed by whoever has it.
   */
  observe(signal: AbortSignal): Promise<Client> {
    return this.#connect({ name: callerName(this.#agent), signal, autoStart: false });
  }

  /**
   * Has something given back when the session ends, while the connection is still there: it has some tens of milliseconds.
   *
   * @returns what is called once there is nothing to give back any more
   */
  hold(giveBack: () => Promise<unknown>): () => void {
    this.#held.add(giveBack);
    return () => void this.#held.delete(giveBack);
  }

  /** Gives back what is held, and ends the connection. */
  async close(): Promise<void> {
    this.#ended.abort();
    // What cannot be given back is lost with the connection, as of a program that was killed.
    await Promise.allSettled(Array.from(this.#held, (giveBack) => giveBack()));
    const client = await this.#connecting?.catch(() => undefined);
    await client?.close();
  }
}

/** As long as the registry takes it. */
function callerName(agent: string | undefined): string {
  const name = 'gardener mcp';
  return agent === undefined ? name : `${cutText(`${name} (${agent}`, MAX_CALLER - 1)})`;
}
