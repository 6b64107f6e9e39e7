/** The lines that an agent's program and its server exchange, within bounds whatever that sends, or does not read. */
import type { Readable } from 'node:stream';
import {
  CLIENT_INFO_META_KEY,
  type JSONRPCMessage,
  type JSONRPCRequest,
  parseJSONRPCMessage,
  type Transport,
} from '@modelcontextprotocol/server';
import { isJsonObject } from '../../../src/domain/values/json.ts';
import { jsonText } from '../../../src/domain/values/text.ts';
import { INVALID_REQUEST, PARSE_ERROR } from '../../../src/protocol/errors.ts';
import { MAX_IN_FLIGHT } from '../../../src/protocol/limits.ts';
import { Lines } from '../../../src/system/lines.ts';
import { Backlog, type Line } from './backlog.ts';
import type { Outgoing } from './outgoing.ts';

/** Far longer than anything that a tool takes. Bytes. */
const MAX_LINE_BYTES = 1024 * 1024;
const SHORTEST_REQUEST = '{"jsonrpc":"2.0","id":1,"method":""}'.length;
/** Messages on one line, whose answers wait for each other. */
const MAX_BATCH = 100;
/** The only one that has batches: the one before does not speak of them, the next has taken them out. */
const REVISION_OF_BATCHES = '2025-03-26';

type Id = string | number;

/** What came as one line is answered as one. */
interface Batch {
  readonly answers: object[];
  /** Answers that are still to come, and one while it is read. */
  open: number;
}

interface Told {
  /** What the program calls itself, ahead of what it asks for. */
  introduced(name: string, version: string | undefined): void;
  /** Why nothing more comes of it. */
  failed(reason: Error): void;
}

export class Wire implements Transport {
  onmessage?: Transport['onmessage'];
  onclose?: Transport['onclose'];
  onerror?: Transport['onerror'];
  readonly #input: Readable;
  readonly #output: Outgoing;
  readonly #told: Told;
  readonly #lines = new Lines(MAX_LINE_BYTES);
  readonly #backlog = new Backlog();
  #turn: NodeJS.Immediate | undefined;
  /** Requests that have no answer yet. */
  readonly #underWay = new Set<Id>();
  /** Of those that came in one. */
  readonly #batches = new Map<Id, Batch>();
  #takesBatches = false;
  /** What is left to do of the batch that is being taken. */
  #steps: (() => void)[] = [];
  #answered: (() => void) | undefined;
  #isClosed = false;

  constructor(input: Readable, output: Outgoing, told: Told) {
    this.#input = input;
    this.#output = output;
    this.#told = told;
  }

  async start(): Promise<void> {
    this.#output.onRoom(() => this.#goOn());
    // It is never paused, as its end would not be seen then.
    this.#input.on('data', (bytes: Buffer) => {
      for (const line of this.#lines.push(bytes)) this.#hold(line);
      this.#goOn();
    });
    this.#input.once('end', () => {
      this.#hold(this.#lines.end());
      this.#goOn();
    });
  }

  setProtocolVersion(version: string): void {
    this.#takesBatches = version === REVISION_OF_BATCHES;
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#isClosed) return;
    // Whoever has news to tell may wait for who reads them; an answer ends what was asked.
    if ('method' in message) return await this.#output.tell(lineOf(message));
    if (message.id === undefined || !this.#settle(message.id, message)) this.#write(message);
    this.#goOn();
  }

  /** Resolves when no request is without its answer. */
  answered(): Promise<void> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#goOn();
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.onclose?.();
  }

  #hold(bytes: Buffer | null): void {
    // As text it keeps nothing of what came with it.
    const line = bytes?.toString('utf8') ?? null;
    if (this.#backlog.add(line)) return;
    if (this.#output.isFull) this.#told.failed(new Error('it asks for more than it reads'));
    else this.#turnAway(line);
  }

  /** Takes a message, if it can be answered, and the next in another turn: what ends this process is heard between them. */
  #goOn(): void {
    if (this.#turn || this.#isClosed) return;
    const step = this.#underWay.size < MAX_IN_FLIGHT && !this.#output.isFull ? this.#next() : undefined;
    if (step) {
      this.#turn = setImmediate(() => {
        this.#turn = undefined;
        this.#goOn();
      });
      step();
    } else if (this.#underWay.size + this.#steps.length === 0 && this.#backlog.isEmpty) this.#answered?.();
  }

  #next(): (() => void) | undefined {
    if (this.#steps.length > 0) return this.#steps.shift();
    const line = this.#backlog.take();
    return line === undefined ? undefined : () => this.#read(line);
  }

  /** Refuses what there is no room for; of those, only a request waits for an answer. */
  #turnAway(line: Line): void {
    // Looking at many thousands of lines of a byte or two would take longer than an end may.
    if (line === null || line.length < SHORTEST_REQUEST) return;
    for (const value of [valueOf(line)].flat()) {
      const id = isJsonObject(value) && 'method' in value ? idOf(value) : undefined;
      if (id !== undefined) this.#refuse(id, 'too many before it have no answer yet');
    }
  }

  #read(line: Line): void {
    if (line === null)
      return this.#refuse(
        undefined,
        `the line has more than ${MAX_LINE_BYTES} bytes`,
        undefined,
        PARSE_ERROR,
      );
    if (line.trim() === '') return;
    const value = valueOf(line);
    if (value === undefined) this.#refuse(undefined, 'the line is not JSON', undefined, PARSE_ERROR);
    else if (Array.isArray(value)) this.#takeBatch(value);
    else this.#takeOne(value);
  }

  #takeBatch(values: readonly unknown[]): void {
    if (!this.#takesBatches) return this.#refuse(undefined, 'batches are not supported');
    if (values.length === 0 || values.length > MAX_BATCH)
      return this.#refuse(undefined, `a batch has 1 to ${MAX_BATCH} messages`);
    const batch: Batch = { answers: [], open: 1 };
    this.#steps = values.map((value) => () => this.#takeOne(value, batch));
    this.#steps.push(() => this.#close(batch));
  }

  #takeOne(value: unknown, batch?: Batch): void {
    let message: JSONRPCMessage;
    try {
      message = parseJSONRPCMessage(value);
    } catch {
      return this.#refuse(idOf(value), 'it is no message of JSON-RPC 2.0', batch);
    }
    if ('method' in message && 'id' in message) this.#take(message, batch);
    else this.#pass(message);
  }

  #take(request: JSONRPCRequest, batch?: Batch): void {
    const { id } = request;
    if (!isId(id)) return this.#refuse(undefined, 'its id is no text that can be given back', batch);
    if (this.#underWay.has(id)) return this.#refuse(id, 'another one with its id is under way', batch);
    this.#underWay.add(id);
    if (batch) {
      batch.open += 1;
      this.#batches.set(id, batch);
    }
    const agent = agentOf(request);
    if (agent) this.#told.introduced(...agent);
    this.onmessage?.(request);
  }

  /** A notification, or an answer. */
  #pass(message: JSONRPCMessage): void {
    if ('method' in message && message.method === 'notifications/cancelled') {
      // What nobody wants answered any more gets no answer.
      const id = message.params?.['requestId'];
      if (isId(id)) this.#settle(id);
    }
    this.onmessage?.(message);
  }

  /** Ends a request; whether its answer goes out with others. */
  #settle(id: Id, answer?: object): boolean {
    this.#underWay.delete(id);
    const batch = this.#batches.get(id);
    if (!batch) return false;
    this.#batches.delete(id);
    if (answer) batch.answers.push(answer);
    this.#close(batch);
    return true;
  }

  #close(batch: Batch): void {
    batch.open -= 1;
    if (batch.open === 0 && batch.answers.length > 0) this.#write(batch.answers);
  }

  #refuse(id: Id | undefined, why: string, batch?: Batch, code = INVALID_REQUEST): void {
    const refusal = { jsonrpc: '2.0', id, error: { code, message: `cannot take the request: ${why}` } };
    if (batch) batch.answers.push(refusal);
    else this.#write(refusal);
  }

  #write(value: object): void {
    this.#output.write(lineOf(value));
  }
}

function lineOf(value: object): string {
  return `${jsonText(value)}\n`;
}

/** Undefined for what is not JSON. */
function valueOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function idOf(value: unknown): Id | undefined {
  const id = isJsonObject(value) ? value['id'] : undefined;
  return isId(id) ? id : undefined;
}

/** Whether it is given back as it came: not half of a character, and no number that is rounded. */
function isId(value: unknown): value is Id {
  return typeof value === 'string' ? value.isWellFormed() : Number.isSafeInteger(value);
}

/** What the program calls itself: in the era of `initialize` there, later with each request. */
function agentOf({ method, params }: JSONRPCRequest): Parameters<Told['introduced']> | undefined {
  const told = method === 'initialize' ? params?.['clientInfo'] : params?.['_meta']?.[CLIENT_INFO_META_KEY];
  if (!isJsonObject(told) || typeof told['name'] !== 'string') return undefined;
  return [told['name'], typeof told['version'] === 'string' ? told['version'] : undefined];
}
