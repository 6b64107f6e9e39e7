/** The open connections of a claimed socket, and how many there may be. */
import type { Server, Socket } from 'node:net';
import { type ErrorKind, ERRORS } from '../domain/errors.ts';
import { MAX_CONNECTIONS } from '../protocol/limits.ts';
import { errorAnswer } from '../protocol/wire.ts';
import { Connection, type ConnectionCallbacks } from './connection.ts';
import { affordableConnections } from './descriptors.ts';
import type { Shared } from './exchange.ts';

/** With more connections it is asked how many the system allows; most daemons never have so many. */
const ASK_BEYOND = 16;

/** About no call in particular, as every error with the id null: about all that are not answered yet. */
const LAST_WORD = lineOf(
  'shutting_down',
  'the daemon has shut down; what it has not answered was not done and may be sent again',
);

export interface ListenerCallbacks extends Omit<ConnectionCallbacks, 'answer' | 'idle'> {
  /** Called whenever the number of connections has changed. */
  connections(count: number): void;
  closed(connection: Connection): void;
}

export class Listener {
  readonly #server: Server;
  readonly #answer: ConnectionCallbacks['answer'];
  readonly #shared: Shared;
  readonly #callbacks: ListenerCallbacks;
  readonly #connections = new Set<Connection>();
  #count = 0;
  #maxConnections: number | undefined;
  #draining = false;
  #whenIdle: () => void = () => undefined;

  /** Serves a listening server whose connections come paused. */
  constructor(
    server: Server,
    answer: ConnectionCallbacks['answer'],
    shared: Shared,
    callbacks: ListenerCallbacks,
  ) {
    this.#shared = shared;
    this.#server = server;
    this.#answer = answer;
    this.#callbacks = callbacks;
    server.on('connection', (socket) => this.#accept(socket));
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Resolves when every request that was received is answered, or after `deadline` milliseconds. */
  async answered(deadline: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadline);
      this.#whenIdle = () => {
        for (const connection of this.#connections) if (connection.inFlight > 0) return;
        resolve();
      };
      this.#whenIdle();
    });
    clearTimeout(timer);
  }

  /**
   * New connections are closed without a word: whoever is starting a daemon sees that this one is ending. Where
   * somebody else goes on listening, they are left to the next daemon instead.
   */
  drain({ stopListening }: { readonly stopListening: boolean }): void {
    this.#draining = true;
    if (stopListening) this.#server.close();
  }

  /** Cuts every connection at once. */
  cut(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  /** Stops listening, sends what is waiting and closes every connection; resolves when the last one is gone. */
  async close(deadline: number): Promise<void> {
    const gone = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) {
      // Everything received was answered, and nothing is looked at from now on: what is still under way to this
      // daemon does nothing, and its sender may safely send it to the next one. Only client libraries are told: a
      // script that reads one line for each that it wrote would take this for an answer.
      if (connection.introduced && connection.inFlight === 0) connection.send(LAST_WORD);
      connection.close();
    }
    const timer = setTimeout(() => this.cut(), deadline);
    await gone;
    clearTimeout(timer);
  }

  #limit(): number {
    if (this.#connections.size < ASK_BEYOND) return MAX_CONNECTIONS;
    return (this.#maxConnections ??= Math.min(MAX_CONNECTIONS, affordableConnections()));
  }

  #refuse(socket: Socket): void {
    const limit = this.#limit();
    const remedy = limit < MAX_CONNECTIONS ? ', or let the daemon open more files (ulimit -n)' : '';
    const message = `cannot connect: ${limit} connections are open; close some${remedy}`;
    socket.on('error', () => socket.destroy());
    // So short a line is with the system when this returns. Were they closed later, many at once would use up the
    // descriptors that are kept for files.
    socket.write(`${lineOf('too_many_connections', message)}\n`);
    socket.destroy();
  }

  #accept(socket: Socket): void {
    if (this.#draining) return void socket.destroy();
    if (this.#connections.size >= this.#limit()) return this.#refuse(socket);
    this.#count += 1;
    const connection = new Connection(socket, this.#count, this.#shared, {
      ...this.#callbacks,
      answer: this.#answer,
      idle: () => this.#whenIdle(),
    });
    this.#connections.add(connection);
    this.#callbacks.connections(this.#connections.size);
    socket.on('close', () => {
      this.#connections.delete(connection);
      this.#callbacks.closed(connection);
      this.#callbacks.connections(this.#connections.size);
      this.#whenIdle();
    });
    socket.resume();
  }
}

/** An error that answers no request. */
function lineOf(kind: ErrorKind, message: string): string {
  return JSON.stringify(errorAnswer(null, ERRORS[kind].code, message, { kind, suggestions: [] }));
}
