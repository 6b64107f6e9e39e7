/**
 * JSON-RPC 2.0 on a line: what comes in is checked strictly before anything else sees it, what goes out is text.
 *
 * The checks are here because json-rpc-2.0 lets through what the specification forbids: ids of any type, primitive
 * `params`, a bare answer to a batch of one.
 */
import { isUtf8 } from 'node:buffer';

/** https://www.jsonrpc.org/specification, section 5.1 */
const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;

/** A longer line is refused, and the connection closed: where it ends cannot be known. Bytes. */
export const MAX_LINE_BYTES = 4 * 1024 * 1024;
export const MAX_BATCH = 1_000;
export const MAX_DEPTH = 64;

export type RpcId = string | number | null;

/** A valid request; without `id` it is a notification. */
export interface RpcRequest {
  jsonrpc: '2.0';
  method: string;
  params?: Record<string, unknown> | unknown[];
  id?: RpcId;
}

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export interface ErrorAnswer {
  jsonrpc: '2.0';
  id: RpcId;
  error: RpcError;
}

/** One line: a request or a batch; what is wrong in it is already answered. */
export interface Message {
  readonly batch: boolean;
  readonly entries: readonly (RpcRequest | ErrorAnswer)[];
}

/** JSON that is written already; goes into an answer as it is. */
export class RawJson<T = unknown> {
  readonly json: string;
  /** Only for the compiler: what the text means. */
  declare readonly value: T;

  constructor(json: string) {
    this.json = json;
  }
}

/** Reads a line, without its line feed. Never throws. */
export function readMessage(line: Buffer): Message {
  const text = isUtf8(line) ? line.toString('utf8') : null;
  let value: unknown;
  try {
    if (text === null) return refused(PARSE_ERROR, 'parse error: the line is not UTF-8');
    value = JSON.parse(text);
  } catch {
    return refused(PARSE_ERROR, 'parse error: the line is not JSON');
  }
  if (maybeDeep(line) && depthExceeds(value, MAX_DEPTH)) {
    return refused(INVALID_REQUEST, `invalid request: nested deeper than ${MAX_DEPTH}`, idOf(value));
  }
  if (!Array.isArray(value)) return { batch: false, entries: [readRequest(value)] };
  if (value.length === 0) return refused(INVALID_REQUEST, 'invalid request: the batch is empty');
  if (value.length > MAX_BATCH) {
    return refused(
      INVALID_REQUEST,
      `invalid request: a batch of ${value.length}, and ${MAX_BATCH} are allowed`,
    );
  }
  return { batch: true, entries: value.map(readRequest) };
}

function readRequest(value: unknown): RpcRequest | ErrorAnswer {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return errorAnswer(null, INVALID_REQUEST, 'invalid request: must be an object');
  }
  const request = value as Record<string, unknown>;
  const answerId = idOf(request);
  if (answerId === null && Object.hasOwn(request, 'id') && request['id'] !== null) {
    return errorAnswer(null, INVALID_REQUEST, 'invalid request: id must be a string, a number or null');
  }
  if (request['jsonrpc'] !== '2.0') {
    return errorAnswer(answerId, INVALID_REQUEST, 'invalid request: jsonrpc must be "2.0"');
  }
  if (typeof request['method'] !== 'string') {
    return errorAnswer(answerId, INVALID_REQUEST, 'invalid request: method must be a string');
  }
  if (request['result'] !== undefined || request['error'] !== undefined) {
    return errorAnswer(answerId, INVALID_REQUEST, 'invalid request: a request has no result and no error');
  }
  const params = request['params'];
  if (Object.hasOwn(request, 'params') && (typeof params !== 'object' || params === null)) {
    return errorAnswer(answerId, INVALID_REQUEST, 'invalid request: params must be an object or an array');
  }
  return value as RpcRequest;
}

/** The id to answer under; null where there is none that an answer could give back. */
function idOf(request: unknown): RpcId {
  const id = typeof request === 'object' && request !== null && 'id' in request ? request.id : null;
  // 1e400 is read as Infinity.
  return typeof id === 'string' || (typeof id === 'number' && Number.isFinite(id)) ? id : null;
}

export function isErrorAnswer(entry: RpcRequest | ErrorAnswer): entry is ErrorAnswer {
  return Object.hasOwn(entry, 'error') && !Object.hasOwn(entry, 'method');
}

export function errorAnswer(id: RpcId, code: number, message: string, data?: unknown): ErrorAnswer {
  return { jsonrpc: '2.0', id, error: data === undefined ? { code, message } : { code, message, data } };
}

/** An answer as text, without a line feed. */
export function writeAnswer(answer: { id?: RpcId; result?: unknown; error?: unknown }): string {
  if (answer.result instanceof RawJson) {
    return `{"jsonrpc":"2.0","id":${JSON.stringify(answer.id ?? null)},"result":${answer.result.json}}`;
  }
  return JSON.stringify(answer);
}

function refused(code: number, message: string, id: RpcId = null): Message {
  return { batch: false, entries: [errorAnswer(id, code, message)] };
}

/** Whether a line has more brackets than a shallow one can have; most lines end here. */
function maybeDeep(line: Buffer): boolean {
  let opened = 0;
  for (let at = 0; at < line.length; at += 1) {
    const byte = line[at];
    if (byte === 0x7b || byte === 0x5b) {
      opened += 1;
      if (opened > MAX_DEPTH) return true;
    }
  }
  return false;
}

function depthExceeds(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  for (const inner of Object.values(value)) if (depthExceeds(inner, limit - 1)) return true;
  return false;
}
