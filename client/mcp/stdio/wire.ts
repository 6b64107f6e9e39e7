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
import type { Outgoing } from './outgoing.ts';

/** Far longer than anything that a tool takes. Bytes. */
const MAX_LINE_BYTES = 1024 * 1024;
/** Lines that wait for those before them to be answered, and read; beyond that none is read. Bytes. */
const MAX_HELD = 1024 * 1024;
/** What a line takes beside its bytes, roughly. */
const LINE_COST = 64;
/** How long it may stay like that: who does not read is not heard either, and may have gone. Milliseconds. */
const PATIENCE_MS = 10_000;

type Id = string | number;

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
  /** Null for a line that was too long. */
  readonly #held: (Buffer | null)[] = [];
  #heldBytes = 0;
  #stuck: NodeJS.Timeout | undefined;
  /** Requests that have no answer yet. */
  readonly #underWay = new Set<Id>();
  #answered: (() => void) | undefined;
  #isClosed = false;

  constructor(input: Readable, output: Outgoing, told: Told) {
    this.#input = input;
    this.#output = output;
    this.#told = told;
  }

  async start(): Promise<void> {
    this.#output.onRoom(() => this.#goOn());
    this.#input.on('data', (bytes: Buffer) => {
      for (const line of this.#lines.push(bytes)) this.#hold(line);
      this.#goOn();
    });
    this.#input.once('end', () => {
      this.#hold(this.#lines.end());
      this.#goOn();
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#isClosed) return;
    this.#output.write(`${jsonText(message)}\n`);
    // Whoever has news to tell may wait for who reads them; an answer ends what was asked.
    if ('method' in message) return await this.#output.room();
    if (message.id !== undefined) this.#underWay.delete(message.id);
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

  #hold(line: Buffer | null): void {
    this.#held.push(line);
    this.#heldBytes += costOf(line);
  }

  /** Takes as many lines as can be answered. */
  #goOn(): void {
    while (this.#underWay.size < MAX_IN_FLIGHT && !this.#output.isFull) {
      const line = this.#held.shift();
      if (line === undefined) break;
      this.#heldBytes -= costOf(line);
      this.#read(line);
    }
    if (this.#heldBytes > MAX_HELD) {
      this.#input.pause();
      this.#stuck ??= setTimeout(
        () => this.#told.failed(new Error('it asks for more than it reads')),
        PATIENCE_MS,
      );
    } else if (this.#stuck) {
      clearTimeout(this.#stuck);
      this.#stuck = undefined;
      this.#input.resume();
    }
    if (this.#underWay.size + this.#held.length === 0) this.#answered?.();
  }

  #read(line: Buffer | null): void {
    if (this.#isClosed) return;
    if (line === null)
      return this.#refuse(undefined, PARSE_ERROR, `the line has more than ${MAX_LINE_BYTES} bytes`);
    const text = line.toString('utf8');
    if (text.trim() === '') return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return this.#refuse(undefined, PARSE_ERROR, 'the line is not JSON');
    }
    let message: JSONRPCMessage;
    try {
      message = parseJSONRPCMessage(value);
    } catch {
      const why = Array.isArray(value) ? 'batches are not supported' : 'it is no message of JSON-RPC 2.0';
      return this.#refuse(idOf(value), INVALID_REQUEST, why);
    }
    if ('method' in message && 'id' in message) this.#take(message);
    else this.#pass(message);
  }

  #take(request: JSONRPCRequest): void {
    const { id } = request;
    if (this.#underWay.has(id))
      return this.#refuse(id, INVALID_REQUEST, 'another one with its id is under way');
    this.#underWay.add(id);
    const agent = agentOf(request);
    if (agent) this.#told.introduced(...agent);
    this.onmessage?.(request);
  }

  /** A notification, or an answer. */
  #pass(message: JSONRPCMessage): void {
    if ('method' in message && message.method === 'notifications/cancelled') {
      // What nobody wants answered any more gets no answer.
      const id = message.params?.['requestId'];
      if (isId(id)) this.#underWay.delete(id);
    }
    this.onmessage?.(message);
  }

  #refuse(id: Id | undefined, code: number, why: string): void {
    const error = { code, message: `cannot take the request: ${why}` };
    this.#output.write(`${jsonText({ jsonrpc: '2.0', id, error })}\n`);
  }
}

function costOf(line: Buffer | null): number {
  return LINE_COST + (line?.length ?? 0);
}

function idOf(value: unknown): Id | undefined {
  const id = isJsonObject(value) ? value['id'] : undefined;
  return isId(id) ? id : undefined;
}

function isId(value: unknown): value is Id {
  return typeof value === 'string' || typeof value === 'number';
}

/** What the program calls itself: in the era of `initialize` there, later with each request. */
function agentOf({ method, params }: JSONRPCRequest): Parameters<Told['introduced']> | undefined {
  const told = method === 'initialize' ? params?.['clientInfo'] : params?.['_meta']?.[CLIENT_INFO_META_KEY];
  if (!isJsonObject(told) || typeof told['name'] !== 'string') return undefined;
  return [told['name'], typeof told['version'] === 'string' ? told['version'] : undefined];
}
