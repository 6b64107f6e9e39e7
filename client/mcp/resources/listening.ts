/** What a program of the later era listens to, between its lines and the SDK, which answers that by itself and tells nobody. */
import {
  type JSONRPCMessage,
  type JSONRPCRequest,
  ProtocolErrorCode,
  type Transport,
} from '@modelcontextprotocol/server';
import { isJsonObject } from '../../../src/domain/values/json.ts';
import type { Updates } from './updates.ts';
import { resourceOf } from './uris.ts';

export class Listening implements Transport {
  onmessage?: Transport['onmessage'];
  onclose?: Transport['onclose'];
  readonly #wire: Transport;
  readonly #updates: Updates;

  constructor(wire: Transport, updates: Updates) {
    this.#wire = wire;
    this.#updates = updates;
  }

  start(): Promise<void> {
    // oxlint-disable unicorn/prefer-add-event-listener -- it is no event target
    this.#wire.onmessage = (message) => this.#take(message);
    this.#wire.onclose = () => this.onclose?.();
    // oxlint-enable unicorn/prefer-add-event-listener
    return this.#wire.start();
  }

  send(message: JSONRPCMessage): Promise<void> {
    // A request that listens has an answer when it is refused, or when all ends.
    if (!('method' in message) && message.id !== undefined) this.#updates.endListening(message.id);
    return this.#wire.send(message);
  }

  setProtocolVersion(version: string): void {
    this.#wire.setProtocolVersion?.(version);
  }

  close(): Promise<void> {
    return this.#wire.close();
  }

  #take(message: JSONRPCMessage): void {
    if ('method' in message && 'id' in message && message.method === 'subscriptions/listen')
      return void this.#listen(message);
    const cancelled = 'method' in message && message.method === 'notifications/cancelled';
    const id = cancelled ? message.params?.['requestId'] : undefined;
    if (typeof id === 'string' || typeof id === 'number') this.#updates.endListening(id);
    this.onmessage?.(message);
  }

  /** What is acknowledged is told from then on: this waits until that can be, and what comes after it does not wait. */
  async #listen(request: JSONRPCRequest): Promise<void> {
    const { id, params } = request;
    const filter = params?.['notifications'];
    const { resourcesListChanged: isList, resourceSubscriptions: given = [] } = isJsonObject(filter)
      ? filter
      : {};
    const isAbout = isTexts(given) && (isList === true || given.length > 0);
    // What is about something else the SDK knows, and what is wrong it refuses.
    if (!isAbout || !isJsonObject(filter)) return this.onmessage?.(request);
    const uris = given.filter((uri) => resourceOf(uri) !== undefined);
    try {
      if (!(await this.#updates.listen(id, uris))) return;
    } catch (error) {
      const { message } = error as Error;
      return await this.send({
        jsonrpc: '2.0',
        id,
        error: { code: ProtocolErrorCode.InternalError, message },
      });
    }
    const notifications = { ...filter, resourceSubscriptions: uris };
    this.onmessage?.({ ...request, params: { ...params, notifications } });
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
