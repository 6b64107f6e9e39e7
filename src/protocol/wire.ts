/**
 * JSON-RPC 2.0 on a line: what comes in is checked strictly before anything else sees it, what goes out is text.
 *
 * The checks are here because json-rpc-2.0 lets through what the specification forbids: ids of any type, primitive
 * `params`, a bare answer to a batch of one.
 */
import { isUtf8 } from 'node:buffer';
import { jsonText } from '../domain/values/text.ts';
import { INVALID_REQUEST, PARSE_ERROR } from './errors.ts';
import { MAX_BATCH, MAX_DEPTH } from './limits.ts';
import { longIds, mayBeRounded, NumberText } from './long-ids.ts';

export type PlainId = string | number | null;
export type RpcId = PlainId | NumberText;

/** A valid request; without `id` it is a notification. */
export interface RpcRequest<Id extends RpcId = RpcId> {
  jsonrpc: '2.0';
  method: string;
  params?: Record<string, unknown> | unknown[];
  id?: Id;
}

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export interface ErrorAnswer<Id extends RpcId = RpcId> {
  jsonrpc: '2.0';
  id: Id;
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
  if (!isUtf8(line)) return refused(errorAnswer(null, PARSE_ERROR, 'parse error: the line is not UTF-8'));
  const text = line.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused(errorAnswer(null, PARSE_ERROR, 'parse error: the line is not JSON'));
  }
  if (maybeDeep(line) && depthExceeds(value, MAX_DEPTH))
    return refused(invalidRequest(`nested deeper than ${MAX_DEPTH}`, idOf(value)));
  keepIds(value, text);
  if (!Array.isArray(value)) return { batch: false, entries: [readRequest(value)] };
  if (value.length === 0) return refused(invalidRequest('the batch is empty'));
  if (value.length > MAX_BATCH)
    return refused(invalidRequest(`a batch of ${value.length}, and ${MAX_BATCH} are allowed`));
  return { batch: true, entries: value.map(readRequest) };
}

function readRequest(value: unknown): RpcRequest | ErrorAnswer {
  const fault = faultOf(value);
  return fault === null ? (value as RpcRequest) : invalidRequest(fault, idOf(value));
}

/** What is wrong with a request; null for nothing. */
function faultOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object';
  const request = value as Record<string, unknown>;
  const { id = null, jsonrpc, method, result, error, params = {} } = request;
  if (id !== null && idOf(request) === null) return 'id must be a string, a number or null';
  if (jsonrpc !== '2.0') return 'jsonrpc must be "2.0"';
  if (typeof method !== 'string') return 'method must be a string';
  if (result !== undefined || error !== undefined) return 'a request has no result and no error';
  if (typeof params !== 'object' || params === null) return 'params must be an object or an array';
  return null;
}

/** The id to answer under; null where there is none that an answer could give back. */
function idOf(request: unknown): RpcId {
  const id = (request as { readonly id?: unknown } | null)?.id;
  if (typeof id === 'string' || id instanceof NumberText) return id;
  // Better no id than another one, where its text was not kept.
  return typeof id === 'number' && !mayBeRounded(id) ? id : null;
}

/** Puts the text of each id in its place that reading it may have changed. Most lines have none. */
function keepIds(value: unknown, text: string): void {
  const batch = Array.isArray(value);
  const entries: readonly unknown[] = batch ? value : [value];
  const isLong = (entry: unknown): entry is { id: RpcId } =>
    typeof entry === 'object' && entry !== null && 'id' in entry && mayBeRounded(entry.id);
  if (!entries.some(isLong)) return;
  const ids = longIds(text, batch);
  for (const [place, entry] of entries.entries()) if (isLong(entry)) entry.id = ids.get(place) ?? null;
}

export function isErrorAnswer(entry: RpcRequest | ErrorAnswer): entry is ErrorAnswer {
  return Object.hasOwn(entry, 'error') && !Object.hasOwn(entry, 'method');
}

export function errorAnswer<Id extends RpcId>(
  id: Id,
  code: number,
  message: string,
  data?: unknown,
): ErrorAnswer<Id> {
  return { jsonrpc: '2.0', id, error: data === undefined ? { code, message } : { code, message, data } };
}

/** Whether the id is one that JavaScript holds as it was sent. */
export function hasPlainId(request: RpcRequest): request is RpcRequest<PlainId> {
  return !(request.id instanceof NumberText);
}

/** An answer as text, without a line feed. The id is as it was sent, whatever that is: somebody waits for it. */
export function writeAnswer({
  id = null,
  result,
  error,
}: {
  id?: RpcId | undefined;
  result?: unknown;
  error?: unknown;
}): string {
  const idText = id instanceof NumberText ? id.text : JSON.stringify(id);
  const [name, value] = error === undefined ? ['result', result] : ['error', error];
  return `{"jsonrpc":"2.0","id":${idText},"${name}":${value instanceof RawJson ? value.json : jsonText(value)}}`;
}

function invalidRequest(why: string, id: RpcId = null): ErrorAnswer {
  return errorAnswer(id, INVALID_REQUEST, `invalid request: ${why}`);
}

function refused(answer: ErrorAnswer): Message {
  return { batch: false, entries: [answer] };
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

function depthExceeds(value: unknown, limit: number): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  for (const inner of Object.values(value)) if (depthExceeds(inner, limit - 1)) return true;
  return false;
}
