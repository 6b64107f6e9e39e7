/** From a checked message to the text of its answer: finds the declaration, validates, calls the handler. */
import { JSONRPCServer } from 'json-rpc-2.0';
import type { z } from 'zod';
import { InvalidParamsError, type ParamIssue, RegistryError } from '../domain/errors.ts';
import { issueText } from '../domain/values/issue-text.ts';
import { jsonFault } from '../domain/values/json.ts';
import { cutText } from '../domain/values/text.ts';
import type { Logger } from '../log.ts';
import { INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND } from '../protocol/errors.ts';
import { MAX_BATCH_ANSWER_LENGTH, MAX_DEPTH, MAX_ISSUES, MAX_LIST } from '../protocol/limits.ts';
import { declaredErrors } from '../protocol/method.ts';
import { findMethod, type MethodName, methods } from '../protocol/methods.ts';
import {
  errorAnswer,
  type ErrorAnswer,
  hasPlainId,
  isErrorAnswer,
  type Message,
  type PlainId,
  RawJson,
  type RpcRequest,
  writeAnswer,
} from '../protocol/wire.ts';
import type { Shared } from './connection.ts';
import type { Handlers } from '../services/handlers/handlers.ts';
import type { Context, Exchange, Given } from '../services/handlers/types.ts';
import type { Metrics } from './metrics.ts';

/** Lets the changes of a batch reach the store together and in their order, so that they share one write. */
class Barrier {
  #missing: number;
  /** By the place in the batch. */
  readonly #waiting: ((() => void) | undefined)[] = [];

  constructor(parties: number) {
    this.#missing = parties;
  }

  async arrive(place: number): Promise<void> {
    this.#missing -= 1;
    await new Promise<void>((resolve) => {
      this.#waiting[place] = resolve;
      // Not before the last one waits like the others, who would go on before it whatever its place.
      if (this.#missing === 0) queueMicrotask(() => this.#open());
    });
  }

  #open(): void {
    // Over the places that hold no change, too.
    for (const goOn of this.#waiting) goOn?.();
  }
}

type Answer = Parameters<typeof writeAnswer>[0];

interface Call {
  readonly exchange: Exchange;
  readonly barrier: Barrier | null;
  /** In the batch. */
  readonly place: number;
  /** How long the answers of a batch are so far; null for a single request. */
  readonly length: { total: number } | null;
}

/** So many requests of a batch are begun in one turn of the event loop, and fewer where they take long. */
const MAX_PER_TURN = 32;
/** Answers that were waited for are known too late for that; a string has room for twice as much. */
const MAX_BATCH_LENGTH = 256 * 1024 * 1024;
const DONE_BUT_TOO_LONG =
  'the answers of the batch are too long for one line; what was asked for here was done';

/** What is answered with all projects, or about all of them. */
const BULKY: ReadonlySet<MethodName> = new Set([
  'projects.list',
  'registry.backups',
  'registry.validate',
  'registry.watch',
  'rpc.discover',
]);
const CROWDED =
  'invalid request: too many answers wait to be read, and no more of the batch can be answered; ask for less at once';

/** What nobody hears: putting an answer together for a peer that was cut off makes the others wait. */
const GONE = 'invalid request: the connection has ended';

const TOO_LONG = 'invalid request: the answer is longer than a line can be; ask for less at once';

/** A limit of the protocol that shows itself only on the way to the answer. */
class InvalidRequestError extends Error {}

export class Dispatcher {
  readonly #server: JSONRPCServer<Call>;
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
    // Unmapped errors are logged where they are mapped, with more context.
    this.#server = new JSONRPCServer<Call>({ errorListener: () => undefined });
    this.#server.mapErrorToJSONRPCErrorResponse = (id, error: unknown) => this.#mapError(id, error);
    for (const name of Object.keys(methods) as MethodName[]) {
      this.#server.addMethod(name, (params: unknown, call) => this.#call(name, params, call));
    }
  }

  /** From now on the registry is closed; the daemon itself still answers. */
  drain(): void {
    this.#draining = true;
  }

  /** The answer to a message as a line without its line feed; null when there is nothing to answer. Never rejects. */
  handle({ batch, entries }: Message, exchange: Exchange): Promise<string | null> {
    const [first] = entries;
    if (batch || !first) return this.#handleBatch(entries, exchange);
    return this.#answer(first, { exchange, barrier: null, place: 0, length: null }).then(
      (answer) => answer && this.#write(answer),
    );
  }

  async #handleBatch(
    entries: readonly (RpcRequest | ErrorAnswer)[],
    exchange: Exchange,
  ): Promise<string | null> {
    const changes = entries.filter((entry) => isChange(entry)).length;
    const call = { exchange, barrier: changes > 1 ? new Barrier(changes) : null, length: { total: 0 } };
    const pending: Promise<Answer | null>[] = [];
    for (const [place, entry] of entries.entries()) {
      // Others want to be answered, too.
      if (place > 0 && (this.#shared.turns.isOver || place % MAX_PER_TURN === 0))
        await this.#shared.turns.next();
      pending.push(this.#answer(entry, { ...call, place }));
    }
    const texts: string[] = [];
    let written = 0;
    for (const answer of await Promise.all(pending)) {
      if (this.#shared.turns.isOver) await this.#shared.turns.next();
      if (!answer) continue;
      const text = this.#write(answer);
      const fits = written + text.length <= MAX_BATCH_LENGTH;
      texts.push(
        fits ? text : writeAnswer(errorAnswer(answer.id ?? null, INVALID_REQUEST, DONE_BUT_TOO_LONG)),
      );
      if (fits) written += text.length;
    }
    return texts.length > 0 ? `[${texts.join(',')}]` : null;
  }

  /** An answer that cannot be written is an error of its own: the caller waits for one. */
  #write(answer: Answer): string {
    try {
      return writeAnswer(answer);
    } catch (error) {
      return writeAnswer({ ...this.#mapError(null, error), id: answer.id ?? null });
    }
  }

  #answer(entry: RpcRequest | ErrorAnswer, call: Call): Promise<Answer | null> {
    if (isErrorAnswer(entry)) return Promise.resolve(entry);
    const { id, method } = entry;
    if (this.#server.hasMethod(method)) {
      if (hasPlainId(entry)) return Promise.resolve(this.#server.receive(entry, call));
      // Another one stands in for it, which the library can hold.
      const answered = Promise.resolve(this.#server.receive({ ...entry, id: 0 }, call));
      return answered.then((answer) => answer && { ...answer, id });
    }
    if (id === undefined) return Promise.resolve(null);
    return Promise.resolve(errorAnswer(id, METHOD_NOT_FOUND, `method not found: ${cutText(method, 80)}`));
  }

  /** Answers without a promise where nothing has to be waited for: most calls are questions, and memory knows. */
  #call(name: MethodName, given: unknown, call: Call): unknown {
    const started = performance.now();
    const succeeded = (answer: unknown): unknown => {
      this.#finished(name, started, 'ok', call);
      return answer;
    };
    const failed = (error: unknown): never => {
      this.#checkDeclared(name, error);
      this.#finished(name, started, error instanceof RegistryError ? error.kind : 'error', call);
      throw error;
    };
    try {
      const answer =
        methods[name].kind === 'change'
          ? this.#change(name, given, call)
          : this.#askInBounds(name, given, call);
      return answer instanceof Promise ? answer.then(succeeded, failed) : succeeded(answer);
    } catch (error) {
      return failed(error);
    }
  }

  /** What may be as long as the registry waits while more than enough waits to be read. */
  #askInBounds(name: MethodName, given: unknown, call: Call): unknown {
    if (!BULKY.has(name)) return this.#ask(name, given, call);
    if (call.exchange.connection.closed) throw new InvalidRequestError(GONE);
    if (!this.#shared.holdings.areTooMuch) return this.#ask(name, given, call);
    // What a batch has got already would be held meanwhile, and if all did so nothing would ever be let go.
    if (call.length && call.length.total > 0) throw new InvalidRequestError(CROWDED);
    return this.#askLater(name, given, call);
  }

  async #askLater(name: MethodName, given: unknown, call: Call): Promise<unknown> {
    const { holdings } = this.#shared;
    // Whoever is refused need not wait for it, and what waits is short.
    this.#params(name, given);
    const { exchange } = call;
    exchange.parks();
    while (!this.#draining && !exchange.connection.closed) {
      // Of many that one peer has asked for, one is put together, and the next when that is read. Those of a batch are
      // sent together: they would wait for each other.
      const room = call.length ? null : exchange.room();
      if (room) await room;
      else if (holdings.areTooMuch) await new Promise<void>((resolve) => holdings.whenLess(resolve));
      else break;
    }
    if (exchange.connection.closed) throw new InvalidRequestError(GONE);
    return this.#ask(name, given, call);
  }

  #ask<M extends MethodName>(name: M, given: unknown, call: Call): unknown {
    const { length } = call;
    const params = this.#params(name, given);
    if (length && length.total > MAX_BATCH_ANSWER_LENGTH) {
      throw new InvalidRequestError(
        `invalid request: the answers of the batch are longer than ${MAX_BATCH_ANSWER_LENGTH} bytes; ask for less at once`,
      );
    }
    const handler = this.#handlers[name];
    const context = this.#context(name, call);
    const run = (prepared: Given<M> | null): unknown => {
      const result = handler.run(prepared ?? params, context);
      // At once: the entries of a batch are answered in one go, before anything else could count.
      if (result instanceof RawJson) {
        call.exchange.expect(result.json.length);
        if (length) length.total += result.json.length;
      }
      return result;
    };
    const preparing = handler.prepare(params, context);
    return preparing ? preparing.then(run) : run(params);
  }

  async #change<M extends MethodName>(name: M, given: unknown, call: Call): Promise<unknown> {
    const { barrier, place } = call;
    const handler = this.#handlers[name];
    const context = this.#context(name, call);
    let params: Given<M>;
    try {
      params = this.#params(name, given);
      params = (await handler.prepare(params, context)) ?? params;
    } finally {
      await barrier?.arrive(place);
    }
    return handler.run(params, context);
  }

  #context(method: MethodName, { exchange }: Call): Context {
    const { peer, connection, afterAnswer, parks } = exchange;
    const changed = (about: object): void => this.#log.info({ method, ...about, ...peer }, 'changed');
    return { peer, connection, afterAnswer, parks, changed };
  }

  #params<M extends MethodName>(name: M, given: unknown): Given<M> {
    const { kind, params } = methods[name];
    if (this.#draining && kind !== 'control') {
      throw new RegistryError('shutting_down', 'cannot answer: the daemon is shutting down; try again');
    }
    const valid = validate(params, given) as Given<M>;
    if (kind !== 'read') refuseUnreadable(valid);
    return valid;
  }

  #checkDeclared(name: MethodName, error: unknown): void {
    if (!(error instanceof RegistryError) || declaredErrors(methods[name]).includes(error.kind)) return;
    this.#log.error(
      { method: name, kind: error.kind },
      'a method answered with an error it does not declare',
    );
  }

  #finished(name: MethodName, started: number, outcome: string, { exchange }: Call): void {
    const ms = performance.now() - started;
    this.#metrics.record(name, ms);
    if (!this.#log.isLevelEnabled('debug')) return;
    this.#log.debug({ method: name, ms: Math.round(ms * 1000) / 1000, outcome, ...exchange.peer }, 'request');
  }

  #mapError(id: PlainId, error: unknown): ErrorAnswer<PlainId> {
    if (error instanceof RegistryError) return errorAnswer(id, error.code, error.message, error.data);
    if (error instanceof InvalidParamsError) {
      return errorAnswer(id, INVALID_PARAMS, error.message, { issues: error.issues });
    }
    if (error instanceof InvalidRequestError) return errorAnswer(id, INVALID_REQUEST, error.message);
    if (isTooLong(error)) return errorAnswer(id, INVALID_REQUEST, TOO_LONG);
    this.#log.error({ err: error }, 'a handler failed');
    return errorAnswer(id, INTERNAL_ERROR, "internal error; the daemon's log has the details");
  }
}

/** What JavaScript says of a text that no string can hold: about 512 MB. */
function isTooLong(error: unknown): boolean {
  return error instanceof RangeError && error.message === 'Invalid string length';
}

function isChange(entry: RpcRequest | ErrorAnswer): boolean {
  return !isErrorAnswer(entry) && findMethod(entry.method)?.kind === 'change';
}

function validate(schema: z.ZodType, given: unknown): unknown {
  // Libraries that call a method without parameters may send an empty list.
  const params = given === undefined || (Array.isArray(given) && given.length === 0) ? {} : given;
  if (Array.isArray(params))
    throw new InvalidParamsError([{ path: '', message: 'parameters go by name, in an object' }]);
  refuseLong(params as object);
  const parsed = schema.safeParse(params);
  const issues = parsed.success ? [] : describeAll(parsed.error.issues);
  // zod passes over this one name, though not everywhere.
  if (Object.hasOwn(params as object, '__proto__') && !issues.some(({ path }) => path === '__proto__'))
    issues.push({ path: '__proto__', message: 'is not known' });
  if (issues.length > 0) throw new InvalidParamsError(issues);
  return parsed.data;
}

/** What is written into the file comes to everybody: half a surrogate pair, say, which many parsers refuse. */
function refuseUnreadable(params: object): void {
  // A name has an error of its own.
  const { name: _name, ...rest } = params as { name?: unknown };
  const fault = jsonFault(rest, MAX_DEPTH);
  if (fault) throw new InvalidParamsError([{ path: fault.path.join('.'), message: fault.message }]);
}

/** Before the schema looks at each item, and finds fault with each. */
function refuseLong(params: object): void {
  const members = Object.keys(params).length;
  if (members > MAX_LIST) {
    const message = `${members} parameters were given and ${MAX_LIST} are allowed`;
    throw new InvalidParamsError([{ path: '', message }]);
  }
  for (const [path, value] of Object.entries(params)) {
    if (!Array.isArray(value) || value.length <= MAX_LIST) continue;
    const message = `has ${value.length} items and ${MAX_LIST} are allowed`;
    throw new InvalidParamsError([{ path, message }]);
  }
}

function describeAll(issues: readonly z.core.$ZodIssue[]): ParamIssue[] {
  const described = issues.slice(0, MAX_ISSUES + 1).flatMap(describe);
  if (described.length <= MAX_ISSUES) return described;
  return [...described.slice(0, MAX_ISSUES), { path: '', message: 'and more' }];
}

function describe(issue: z.core.$ZodIssue): ParamIssue[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return [...new Set(issue.keys.slice(0, MAX_ISSUES + 1))].map((key) => ({
      path: [...path, key].join('.'),
      message: 'is not known',
    }));
  }
  return [{ path: path.join('.'), message: issueText(issue) }];
}
