/** One connection to a daemon: lines out, lines in, and who waits for which answer. */
import type { Socket } from 'node:net';
import { JSONRPCClient, type JSONRPCResponse } from 'json-rpc-2.0';
import { INVALID_REQUEST, PARSE_ERROR } from '../../src/protocol/errors.ts';
import { MAX_LINE_BYTES } from '../../src/protocol/limits.ts';
import { Lines } from '../../src/system/lines.ts';
import type { Patience } from './deadline.ts';
import { ConnectionError, errorFromAnswer, RpcError } from '../errors.ts';
import { PendingCalls } from './pending.ts';
import { isJsonObject } from '../../src/domain/values/json.ts';
import { isRefusal } from '../../src/domain/values/refusal.ts';

export class Connection {
  /**
   * Called with each notification, in the order of the wire, and never before whoever awaits an answer that came
   * ahead of it has seen that answer.
   */
  onNotification: ((method: string, params: unknown) => void) | undefined;
  /** Called once, after the last notification. */
  onLost: (() => void) | undefined;
  /** Settled when the socket is closed. */
  readonly closed: Promise<void>;

  readonly #socket: Socket;
  readonly #path: string;
  readonly #rpc: JSONRPCClient<string>;
  readonly #lines = new Lines();
  readonly #pending = new PendingCalls((id, isHeardLate) => this.#forget(id, isHeardLate));
  /** Requests of this tick, by id; they are written together. */
  readonly #outgoing = new Map<number, string>();
  #lastId = 0;
  #alive = true;
  #held = false;
  /** Whether the socket keeps the process alive. */
  #referenced = false;

  /** Takes over a connected socket; `path` is for messages. */
  constructor(socket: Socket, path: string) {
    this.#socket = socket;
    this.#path = path;
    this.#rpc = new JSONRPCClient((request: { id: number }, line) => this.#send(request.id, line));
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.once('end', () => this.#lose());
    socket.on('error', (cause) => this.#lose(cause));
    socket.once('close', () => this.#lose());
    socket.unref();
  }

  /** False once the connection has ended. */
  get alive(): boolean {
    return this.#alive;
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @param params any JSON; members that are undefined are left out
   * @throws {TypeError} for params that are no JSON, before anything is sent
   * @throws {RegistryError | RpcError} what the daemon answered
   * @throws {ConnectionError} `lost` or `closed`; its `sent` says whether the request may have arrived
   * @throws the error of the deadline, or the reason of the signal
   */
  async request(method: string, params: unknown, patience: Patience): Promise<unknown> {
    patience.signal?.throwIfAborted();
    if (!this.#alive) throw this.#lostBefore(method, false);
    const id = ++this.#lastId;
    const line = encode(id, method, params);
    return new Promise((resolve, reject) => {
      let isGivenUp = false;
      this.#pending.add(id, method, patience, (reason) => {
        isGivenUp = true;
        reject(reason);
      });
      this.#keepAlive();
      // The library settles a request in one way only, by an answer; failures of the connection reject first.
      void this.#rpc.requestAdvanced({ jsonrpc: '2.0', id, method }, line).then((answer) => {
        this.#pending.remove(id);
        this.#keepAlive();
        if (isJsonObject(answer.error)) reject(errorFromAnswer(answer.error));
        else if (isGivenUp) patience.late?.(answer.result);
        else resolve(answer.result);
      });
    });
  }

  /** Keeps the process alive even while no call is pending, for those who wait for notifications. */
  hold(held: boolean): void {
    this.#held = held;
    this.#keepAlive();
  }

  /** Ends the connection; calls still pending are rejected with `closed`. */
  close(): Promise<void> {
    this.#end((method, sent) => {
      const message = `cannot finish ${method}: the client was closed before the answer`;
      return new ConnectionError('closed', message, { sent });
    });
    return this.closed;
  }

  /** A connection that waits for nothing must not keep a program from ending. */
  #keepAlive(): void {
    const needed = this.#held || this.#pending.size > 0;
    if (needed === this.#referenced) return;
    this.#referenced = needed;
    if (needed) this.#socket.ref();
    else this.#socket.unref();
  }

  /**
   * The caller does not wait any more: what was not sent never is, and an answer that still comes is ignored, but for those
   * who hear it late.
   */
  #forget(id: number, isHeardLate: boolean): void {
    const isUnsent = this.#outgoing.delete(id);
    if (isUnsent || !isHeardLate) this.#rpc.receive({ jsonrpc: '2.0', id, result: null });
    else this.#keepAlive();
  }

  #send(id: number, line: string): void {
    // After the microtasks of this tick: calls that the answers of one read set off go out together as well.
    if (this.#outgoing.size === 0) process.nextTick(() => this.#flush());
    this.#outgoing.set(id, line);
  }

  #flush(): void {
    // What is not written when the socket fails is known not to have been sent.
    if (!this.#alive || !this.#socket.writable || this.#outgoing.size === 0) return;
    let text = '';
    for (const line of this.#outgoing.values()) text += line;
    this.#outgoing.clear();
    this.#socket.write(text);
  }

  #read(bytes: Buffer): void {
    try {
      for (const line of this.#lines.push(bytes)) {
        if (!this.#alive) return;
        this.#take(JSON.parse(String(line)));
      }
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      const text = `cannot read what came from ${this.#path}: ${problem}; check that the registry's daemon listens there`;
      this.#end(() => new RpcError(PARSE_ERROR, text));
    }
  }

  #take(message: unknown): void {
    if (!isJsonObject(message)) throw new Error('a line is no JSON-RPC message');
    const { method, params } = message;
    if (typeof method === 'string') {
      // Promises of answers read just now are seen to before this; what a listener throws harms nobody else.
      setImmediate(() => this.onNotification?.(method, params));
    } else if (message['id'] === null) {
      // Nobody can tell which call it is about: a line too long, too many connections.
      const error = errorFromAnswer(message['error']);
      // The last word of a daemon: whatever is called from now on belongs to its successor.
      if (isRefusal(error, 'shutting_down')) this.#end(() => error);
      else this.#rejectAll(() => error);
    } else if (isAnswer(message)) {
      // At once, and not only when the library has told the caller: what comes behind it in the same chunk, such as
      // the last word of a daemon, is not about this call any more.
      if (typeof message.id === 'number') this.#pending.remove(message.id);
      this.#rpc.receive(message);
    } else {
      throw new Error('a line is no JSON-RPC answer');
    }
  }

  #lose(cause?: unknown): void {
    this.#end((method, sent) => this.#lostBefore(method, sent, cause));
  }

  #lostBefore(method: string, sent: boolean, cause?: unknown): ConnectionError {
    const message = sent
      ? `cannot finish ${method}: the connection to ${this.#path} was lost before the answer; a change may have been made, so look before repeating it`
      : `cannot call ${method}: the connection to ${this.#path} was lost before the request was sent; call again`;
    return new ConnectionError('lost', message, { sent, cause });
  }

  #end(reason: (method: string, sent: boolean) => Error): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#rejectAll(reason);
    this.#socket.destroy();
    setImmediate(() => this.onLost?.());
  }

  #rejectAll(reason: (method: string, sent: boolean) => Error): void {
    this.#pending.rejectAll((method, id) => reason(method, !this.#outgoing.has(id)));
    this.#outgoing.clear();
    this.#rpc.rejectAllPendingRequests('rejected above');
  }
}

/** A request as a line; put together from its parts, because most of it is known. */
function encode(id: number, method: string, params: unknown): string {
  const json = params === undefined ? undefined : (JSON.stringify(params) as string | undefined);
  const line = `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)}${json === undefined ? '' : `,"params":${json}`}}\n`;
  // No character has more than three bytes for each of its units.
  if (3 * line.length <= MAX_LINE_BYTES) return line;
  const bytes = Buffer.byteLength(line) - 1;
  if (bytes <= MAX_LINE_BYTES) return line;
  throw new RpcError(
    INVALID_REQUEST,
    `cannot send the request: it has ${bytes} bytes and the daemon takes at most ${MAX_LINE_BYTES}; send less at once`,
  );
}

function isAnswer(message: Record<string, unknown>): message is Record<string, unknown> & JSONRPCResponse {
  return (
    typeof message['id'] === 'number' && (message['result'] !== undefined) !== isJsonObject(message['error'])
  );
}
