/** What a JSON value may be, wherever it comes from: everybody who is given it has to be able to read it. */

/**
 * How deep the file may be nested. Whatever the protocol takes fits in, and some clients' parsers give up at 128, which
 * an answer around a project must not reach.
 */
export const MAX_FILE_DEPTH = 100;

export const TOO_DEEP = 'is nested too deep';

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
  if (typeof value === 'string') return value.isWellFormed() ? null : here(HALF);
  // 1e400 is read as Infinity, and would be written as null.
  if (typeof value === 'number') return Number.isFinite(value) ? null : here('is too great for a number');
  if (typeof value !== 'object' || value === null) return null;
  if (depth === 0) return here(TOO_DEEP);
  // Without lists of keys and values: every project of a file passes here.
  for (const key in value) {
    const fault = key.isWellFormed()
      ? jsonFault((value as Record<string, unknown>)[key], depth - 1)
      : here(HALF);
    if (fault) return { ...fault, path: [Array.isArray(value) ? Number(key) : key, ...fault.path] };
  }
  return null;
}

const HALF = 'contains half a surrogate pair';

function here(message: string): JsonFault {
  return { path: [], message };
}
