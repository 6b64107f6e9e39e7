/** A peer that speaks lines on a socket, well or badly: it sends what it is told and keeps what it gets. */
import { createConnection, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';

/** What comes from the daemon: an answer, an event, or (a batch's) a list of answers. */
export interface Answer {
  readonly jsonrpc: '2.0';
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: Readonly<Record<string, unknown>>;
  };
}

/** The result of a call that is expected to go well may be looked into as any JSON; a test says what it expects. */
export type Loose = { readonly [key: string]: Loose } & (readonly Loose[] | string | number | boolean | null);

const DEADLINE_MS = 40_000;

interface Waiter {
  wants(line: string): boolean;
  resolve(line: string): void;
}

export class LineClient<Stream extends Duplex = Socket> {
  readonly socket: Stream;
  /** Lines that nobody has asked for yet. */
  readonly waiting: string[] = [];
  /** Resolves when the connection is over, however it ended. */
  readonly closed: Promise<void>;
  #rest: Buffer[] = [];
  readonly #waiters: Waiter[] = [];
  #isClosed = false;
  #lastId = 0;

  constructor(socket: Stream) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    // A daemon that cuts the connection is what some tests are about; 'close' follows.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isClosed = true;
        for (const waiter of this.#waiters) waiter.resolve('');
        resolve();
      });
    });
  }

  /** Sends bytes as they are. */
  write(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** Sends values, each as a line, in one write. */
  send(...values: readonly unknown[]): void {
    this.write(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  }

  /** The next line, as text. */
  line(): Promise<string> {
    return this.#take(() => true, 'a line');
  }

  /** The next line, parsed. */
  async next<T = Answer>(): Promise<T> {
    return JSON.parse(await this.line()) as T;
  }

  /** Sends a request without waiting; gives its answer, whatever other lines come before it. */
  async ask(method: string, params?: unknown): Promise<Answer> {
    this.#lastId += 1;
    const id = `ask-${this.#lastId}`;
    this.send({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) });
    const line = await this.#take((text) => text.includes(`"id":"${id}"`), `the answer to ${method}`);
    return JSON.parse(line) as Answer;
  }

  /** A call that must go well; gives its result. */
  async call(method: string, params?: unknown): Promise<Loose> {
    const { result, error } = await this.ask(method, params);
    if (error) throw new Error(`${method} was refused: ${JSON.stringify(error)}`);
    return result as Loose;
  }

  /** A call that must be refused; gives its error. */
  async refusal(method: string, params?: unknown): Promise<NonNullable<Answer['error']>> {
    const { result, error } = await this.ask(method, params);
    if (!error) throw new Error(`${method} was not refused: ${JSON.stringify(result)}`);
    return error;
  }

  /** Whether nothing comes; asks for a pong, so that whatever was on its way has arrived by then. */
  async isSilent(): Promise<boolean> {
    await this.ask('daemon.ping');
    return this.waiting.length === 0;
  }

  #receive(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#deliver(Buffer.concat([...this.#rest, chunk.subarray(start, end)]).toString());
      this.#rest = [];
      start = end + 1;
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start));
  }

  #deliver(line: string): void {
    const at = this.#waiters.findIndex((waiter) => waiter.wants(line));
    const [waiter] = at === -1 ? [] : this.#waiters.splice(at, 1);
    if (waiter) waiter.resolve(line);
    else this.waiting.push(line);
  }

  async #take(wants: (line: string) => boolean, what: string): Promise<string> {
    const at = this.waiting.findIndex(wants);
    const [known] = at === -1 ? [] : this.waiting.splice(at, 1);
    if (known !== undefined) return known;
    if (this.#isClosed) throw new Error(`the connection closed before ${what} came`);
    let timer: NodeJS.Timeout | undefined;
    const line = await new Promise<string>((resolve, reject) => {
      this.#waiters.push({ wants, resolve });
      timer = setTimeout(() => {
        const rest = this.waiting.map((text) => text.slice(0, 200)).join('\n');
        reject(new Error(`${what} did not come within ${DEADLINE_MS} ms; what came: ${rest || 'nothing'}`));
      }, DEADLINE_MS);
    });
    clearTimeout(timer);
    if (line === '') throw new Error(`the connection closed before ${what} came`);
    return line;
  }
}

/** Connects to a socket; the connection is cut when the test is over. */
export async function connectLines(path: string): Promise<LineClient> {
  const socket = createConnection({ path, allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  onTestFinished(() => void socket.destroy());
  return new LineClient(socket);
}
