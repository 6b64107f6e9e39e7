/**
 * What JSON can carry of a value. `JSON.stringify` makes null of NaN, Infinity and invalid dates, which in metadata
 * deletes a key, leaves out functions, makes `{}` of a Map, and all without a word.
 */
import type { ParamIssue } from '../src/domain/errors.ts';
import { refusedParams } from '../src/domain/values/text.ts';
import { INVALID_PARAMS } from '../src/protocol/errors.ts';
import { MAX_DEPTH, MAX_ISSUES } from '../src/protocol/limits.ts';
import { RpcError } from './errors.ts';
import { isJsonObject } from '../src/domain/values/json.ts';

/** How deep params may be nested: what a line may be, without the request around them. */
const MAX_PARAMS_DEPTH = MAX_DEPTH - 1;

/** Node's `util`, loaded when it is first asked for: newer versions of Node bring a start of threads with it. */
export const util = () => process.getBuiltinModule('node:util');

const FLAT: ReadonlySet<string> = new Set(['string', 'boolean', 'undefined']);
const GONE = Symbol('gone');

export interface Carrying {
  /** Told of what is not carried: gone from objects, null in lists, whose other elements keep their places. */
  readonly lost: (path: string, why: string) => void;
  /** What becomes of texts, keys included; default nothing. */
  readonly text?: (text: string) => string;
}

/** The same value, in copies of its objects and lists, as far as JSON can carry it; undefined where it cannot at all. */
export function carried(value: unknown, carrying: Carrying): unknown {
  const found = carry(value, [], [], carrying);
  return found === GONE ? undefined : found;
}

/**
 * The params of a call that somebody makes on purpose, and can make anew: they are sent as they were given, or not at all.
 *
 * @throws {RpcError} -32602 with the path of each value that JSON cannot carry, as the daemon says it of others
 */
export function sendable(params: unknown): unknown {
  // Most calls are questions, and the closer look costs a tenth of one.
  if (params === undefined || isFlat(params)) return params;
  const issues: ParamIssue[] = [];
  const sent = carried(params, { lost: (path, message) => issues.push({ path, message }) });
  if (issues.length === 0) return sent;
  throw refusal(issues);
}

/** As the daemon refuses parameters. */
export function refusal(issues: readonly ParamIssue[]): RpcError {
  const told = issues.slice(0, MAX_ISSUES);
  return new RpcError(INVALID_PARAMS, refusedParams(told), { issues: told });
}

/** Whether it is an object of nothing but texts and the like. */
function isFlat(params: unknown): boolean {
  if (!isJsonObject(params)) return false;
  for (const key in params) {
    const value = params[key];
    if (typeof value === 'number' ? !Number.isFinite(value) : !FLAT.has(typeof value)) return false;
  }
  return true;
}

function carry(
  given: unknown,
  path: readonly string[],
  above: readonly object[],
  carrying: Carrying,
): unknown {
  const value = asJson(given, path.at(-1) ?? '');
  if (typeof value === 'string') return carrying.text?.(value) ?? value;
  const why = faultOf(given, value, above);
  if (why !== undefined) {
    carrying.lost(path.join('.'), why);
    return GONE;
  }
  if (typeof value !== 'object' || value === null) return value;
  const inner = [...above, value];
  if (Array.isArray(value)) {
    return Array.from(value, (one: unknown, at) => {
      const element = carry(one, [...path, String(at)], inner, carrying);
      return element === GONE ? null : element;
    });
  }
  const members: [string, unknown][] = [];
  for (const [key, one] of Object.entries(value)) {
    const member = carry(one, [...path, key], inner, carrying);
    if (member !== GONE) members.push([carrying.text?.(key) ?? key, member]);
  }
  // Not by assignment: a key named __proto__ is just a key.
  return Object.fromEntries(members);
}

/** What stands for a value in JSON, as `JSON.stringify` sees it: a text for a Date. */
function asJson(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return Reflect.apply(toJSON, value, [key]);
  return util().types.isBoxedPrimitive(value) ? value.valueOf() : value;
}

function faultOf(given: unknown, value: unknown, above: readonly object[]): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? undefined : 'is NaN or infinite, which JSON cannot carry';
    case 'bigint':
    case 'function':
    case 'symbol':
      return `is a ${typeof value}, which JSON cannot carry`;
    case 'object':
      break;
    default:
      return undefined;
  }
  if (value === null)
    return util().types.isDate(given) ? 'is an invalid date, which JSON cannot carry' : undefined;
  const { types } = util();
  if (types.isMap(value) || types.isSet(value)) {
    return `is a ${types.isMap(value) ? 'Map' : 'Set'}, which JSON cannot carry`;
  }
  if (above.includes(value)) return 'holds itself, which JSON cannot carry';
  return above.length >= MAX_PARAMS_DEPTH ? 'is nested too deep' : undefined;
}
