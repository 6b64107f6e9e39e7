/**
 * What a JSON value may be, wherever it comes from: everybody who is given it has to be able to read it. This file imports
 * nothing that runs: the client library shares it.
 */
import type { JsonObject } from '../project.ts';

/**
 * How deep the file may be nested. Whatever the protocol takes fits in, and some clients' parsers give up at 128, which
 * an answer around a project must not reach.
 */
export const MAX_FILE_DEPTH = 100;

export const TOO_DEEP = 'is nested too deep';

/** An object of JSON, with members still to be looked at. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Where a value is not as it may be, as keys and indexes from the top, and why. */
export interface JsonFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * The first fault of a value; null when there is none. Never goes deeper than `depth`.
 *
 * @param depth how many objects and arrays may stand in one another
 */
export function jsonFault(value: unknown, depth: number): JsonFault | null {
  const wrong = faultOf(value, depth);
  if (wrong !== null) return { path: [], message: wrong };
  if (typeof value !== 'object' || value === null) return null;
  // Without lists of keys and values: every project of a file passes here.
  for (const key in value) {
    const fault = key.isWellFormed()
      ? jsonFault((value as Record<string, unknown>)[key], depth - 1)
      : { path: [], message: HALF };
    if (fault) return { ...fault, path: [Array.isArray(value) ? Number(key) : key, ...fault.path] };
  }
  return null;
}

/**
 * Puts null in the place of everything that has a fault, in one pass however many these are; what has a key with one
 * goes.
 *
 * @param holder what was parsed; is changed. It may be deeper than `depth` only in what it holds
 * @returns what the faults were, with places as of {@link jsonFault}
 */
export function doWithout(holder: object, depth: number): JsonFault[] {
  const faults: JsonFault[] = [];
  const path: (string | number)[] = [];
  const pass = (within: object, left: number): void => {
    for (const key in within) {
      const value = (within as Record<string, unknown>)[key];
      const isKey = key.isWellFormed();
      const wrong = isKey ? faultOf(value, left - 1) : HALF;
      path.push(Array.isArray(within) ? Number(key) : key);
      if (wrong !== null) {
        faults.push({ path: [...path], message: wrong });
        if (isKey) putAt(within, key, null);
        else Reflect.deleteProperty(within, key);
      } else if (typeof value === 'object' && value !== null) {
        pass(value, left - 1);
      }
      path.pop();
    }
  };
  pass(holder, depth);
  return faults;
}

/** Whether two values say the same: the order of an object's keys says nothing, nor does a field that is undefined. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isHolder(a) || !isHolder(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = keysOf(a);
  return (
    keys.length === keysOf(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSameJson(a[key], b[key]))
  );
}

function isHolder(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function keysOf(holder: Record<string, unknown>): string[] {
  return Object.keys(holder).filter((key) => holder[key] !== undefined);
}

/** Sets a field, also one named `__proto__`, of which an assignment would not make a field. */
export function putAt(object: object, key: string | number, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

const HALF = 'contains half a surrogate pair';

/** What is wrong with a value itself, whatever it holds. */
function faultOf(value: unknown, depth: number): string | null {
  if (typeof value === 'string') return value.isWellFormed() ? null : HALF;
  // 1e400 is read as Infinity, and would be written as null.
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'is too great for a number';
  return depth === 0 && typeof value === 'object' && value !== null ? TOO_DEEP : null;
}
