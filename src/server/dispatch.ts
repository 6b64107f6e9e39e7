/** From a checked message to the text of its answer: finds the declaration, validates, calls the handler. */
import { JSONRPCServer } from 'json-rpc-2.0';
import { RegistryError } from '../domain/errors.ts';
import { cutText } from '../domain/values/text.ts';
import type { Logger } from '../log.ts';
import { METHOD_NOT_FOUND } from '../protocol/errors.ts';
import { declaredErrors } from '../protocol/method.ts';
import { type Given, type MethodName, methods } from '../protocol/methods.ts';
import {
  errorAnswer,
  hasPlainId,
  isErrorAnswer,
  type Message,
  RawJson,
  writeAnswer,
} from '../protocol/wire.ts';
import type { Handlers } from '../services/handlers/handlers.ts';
import type { Context } from '../services/call.ts';
import { type Answer, Batch, type Entry } from './batch.ts';
import type { Exchange, Shared } from './exchange.ts';
import type { Metrics } from './metrics.ts';
import { checkParams } from './params.ts';
import { refusal } from './refusal.ts';
import { roomFor } from './room.ts';

/** Where a request came in. */
interface Origin {
  readonly exchange: Exchange;
  readonly batch: Batch | null;
  /** In the batch. */
  readonly place: number;
}

export class Dispatcher {
  readonly #server: JSONRPCServer<Origin>;
  readonly #handlers: Handlers;
  readonly #metrics: Metrics;
  readonly #shared: Shared;
  readonly #log: Logger;
  #draining = false;

  constructor(handlers: Handlers, metrics: Metrics, shared: Shared, log: Logger) {
    this.#shared = shared;
    this.#handlers = handlers;
    this.#metrics = metrics;
    this.#log = log;
    // Errors are logged where it is decided what a caller is told of them.
    this.#server = new JSONRPCServer<Origin>({ errorListener: () => undefined });
    this.#server.mapErrorToJSONRPCErrorResponse = (id, error: unknown) => ({
      jsonrpc: '2.0',
      id,
      error: refusal(error, log),
    });
    for (const name of Object.keys(methods) as MethodName[]) {
      this.#server.addMethod(name, (params: unknown, origin) => this.#call(name, params, origin));
    }
  }

  /** From now on the registry is closed; the daemon itself still answers. */
  drain(): void {
    this.#draining = true;
  }

  /** The answer to a message as a line without its line feed; null when there is nothing to answer. Never rejects. */
  async handle({ batch: isBatch, entries }: Message, exchange: Exchange): Promise<string | null> {
    const write = (answer: Answer): string => this.#write(answer);
    const [first] = entries;
    if (isBatch || !first) {
      const batch = new Batch(entries);
      const begin = (entry: Entry, place: number) => this.#answer(entry, { exchange, batch, place });
      return await batch.answer(begin, write, this.#shared.turns);
    }
    const answer = await this.#answer(first, { exchange, batch: null, place: 0 });
    return answer && write(answer);
  }

  /** An answer that cannot be written is an error of its own: the caller waits for one. */
  #write(answer: Answer): string {
    try {
      return writeAnswer(answer);
    } catch (error) {
      return writeAnswer({ id: answer.id, error: refusal(error, this.#log) });
    }
  }

  #answer(entry: Entry, origin: Origin): Promise<Answer | null> {
    if (isErrorAnswer(entry)) return Promise.resolve(entry);
    const { id, method } = entry;
    if (this.#server.hasMethod(method)) {
      if (hasPlainId(entry)) return Promise.resolve(this.#server.receive(entry, origin));
      // Another one stands in for it, which the library can hold.
      const answered = Promise.resolve(this.#server.receive({ ...entry, id: 0 }, origin));
      return answered.then((answer) => answer && { ...answer, id });
    }
    if (id === undefined) return Promise.resolve(null);
    return Promise.resolve(errorAnswer(id, METHOD_NOT_FOUND, `method not found: ${cutText(method, 80)}`));
  }

  /** Answers without a promise where nothing has to be waited for: most calls are questions, and memory knows. */
  #call(name: MethodName, given: unknown, origin: Origin): unknown {
    const started = performance.now();
    const { peer } = origin.exchange;
    const finished = (outcome: string): void => {
      const ms = performance.now() - started;
      this.#metrics.record(name, ms);
      if (!this.#log.isLevelEnabled('debug')) return;
      this.#log.debug({ method: name, ms: Math.round(ms * 1000) / 1000, outcome, ...peer }, 'request');
    };
    const succeeded = (answer: unknown): unknown => {
      finished('ok');
      return answer;
    };
    const failed = (error: unknown): never => {
      const kind = error instanceof RegistryError ? error.kind : null;
      if (kind !== null && !declaredErrors(methods[name]).includes(kind))
        this.#log.error({ method: name, kind }, 'a method answered with an error it does not declare');
      finished(kind ?? 'error');
      throw error;
    };
    try {
      const answer =
        methods[name].kind === 'change' ? this.#change(name, given, origin) : this.#ask(name, given, origin);
      return answer instanceof Promise ? answer.then(succeeded, failed) : succeeded(answer);
    } catch (error) {
      return failed(error);
    }
  }

  #ask<M extends MethodName>(name: M, given: unknown, { exchange, batch }: Origin): unknown {
    const params = this.#params(name, given);
    const context = this.#context(name, exchange);
    const handler = this.#handlers[name];
    const run = (prepared: Given<M> | null): unknown => {
      const result = handler.run(prepared ?? params, context);
      // At once: the entries of a batch are answered in one go, before anything else could count.
      if (result instanceof RawJson) {
        exchange.expect(result.json.length);
        if (batch) batch.length += result.json.length;
      }
      return result;
    };
    const begin = (): unknown => {
      batch?.requireRoom();
      const preparing = handler.prepare(params, context);
      return preparing ? preparing.then(run) : run(null);
    };
    const room = roomFor(name, exchange, batch, this.#shared.holdings, () => this.#draining);
    if (!room) return begin();
    return room.then(() => {
      this.#requireOpen(name);
      return begin();
    });
  }

  async #change<M extends MethodName>(
    name: M,
    given: unknown,
    { exchange, batch, place }: Origin,
  ): Promise<unknown> {
    const context = this.#context(name, exchange);
    const handler = this.#handlers[name];
    let params: Given<M>;
    try {
      params = this.#params(name, given);
      params = (await handler.prepare(params, context)) ?? params;
    } finally {
      await batch?.arrive(place);
    }
    return handler.run(params, context);
  }

  #context(method: MethodName, { peer, connection, afterAnswer, parks }: Exchange): Context {
    const changed = (about: object): void => this.#log.info({ method, ...about, ...peer }, 'changed');
    return { peer, connection, afterAnswer, parks, changed };
  }

  #params<M extends MethodName>(name: M, given: unknown): Given<M> {
    this.#requireOpen(name);
    return checkParams(name, given);
  }

  #requireOpen(name: MethodName): void {
    if (!this.#draining || methods[name].kind === 'control') return;
    throw new RegistryError('shutting_down', 'cannot answer: the daemon is shutting down; try again');
  }
}
