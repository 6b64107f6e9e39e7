/**
 * What a trainer reports, made fit for the registry, so that no trifle costs a training.
 *
 * The protocol is strict. A trainer is not: a loss is NaN, a fraction 1.0000000000000002, a message too long. What JSON
 * or the registry cannot carry is left out or cut, and told; the rest counts.
 */
import { cutText, mendJson } from '../src/domain/text.ts';
import { isObject } from './errors.ts';

/** What the registry takes: texts in UTF-16 units, details in bytes of UTF-8 as compact JSON. */
const MAX_UNITS: Readonly<Record<string, number>> = { phase: 100, message: 1_000, error: 4_096 };
const MAX_DETAILS_BYTES = 4 * 1024;
/** A fraction that is off by more than rounding does is worth a word. */
const ROUNDING = 1e-6;

const REPORTS: ReadonlySet<string> = new Set(['training.progress', 'training.complete', 'training.fail']);

/** Whether a method takes what a trainer reports. */
export function isReport(method: string): boolean {
  return REPORTS.has(method);
}

/**
 * The params of a report as the registry takes them.
 *
 * @param tell is told of each thing that was left out or changed in a way that somebody may want to know
 */
export function fit(params: unknown, tell: (what: string) => void): unknown {
  if (!isObject(params)) return params;
  const given = finite(params, tell);
  if (!isObject(given)) return given;
  const fitted: Record<string, unknown> = { ...given };
  const { progress, details } = fitted;
  if (typeof progress === 'number' && (progress < 0 || progress > 1)) {
    fitted['progress'] = Math.min(Math.max(progress, 0), 1);
    if (progress < -ROUNDING || progress > 1 + ROUNDING) {
      tell(`progress goes from 0 to 1: ${progress} was taken for ${String(fitted['progress'])}`);
    }
  }
  for (const [name, units] of Object.entries(MAX_UNITS)) {
    const text = fitted[name];
    if (typeof text === 'string') fitted[name] = cutText(text, units);
  }
  if (isObject(details)) {
    const bytes = Buffer.byteLength(JSON.stringify(details));
    if (bytes > MAX_DETAILS_BYTES) {
      delete fitted['details'];
      tell(`details has ${bytes} bytes, ${MAX_DETAILS_BYTES} are allowed; it was left out`);
    }
  }
  return fitted;
}

/**
 * The same value without numbers that JSON does not have: gone from objects, null in lists, whose other elements keep
 * their places. `JSON.stringify` makes null of them everywhere, which in metadata deletes a key. And without halves
 * of characters, as whoever cuts a text makes them: a replacement character stands there.
 *
 * @param tell is told of each, by its path
 */
export function finite(value: unknown, tell: (what: string) => void): unknown {
  const paths = new WeakMap<object, string>();
  const text = JSON.stringify(value, function (this: object, key: string, member: unknown): unknown {
    const path = [paths.get(this), key].filter(Boolean).join('.');
    if (typeof member === 'object' && member !== null) paths.set(member, path);
    const carried = typeof member === 'number' ? Number.isFinite(member) : typeof member !== 'bigint';
    if (carried) return member;
    const what = typeof member === 'bigint' ? 'a bigint' : 'NaN or infinite';
    tell(`${path} is ${what}, which JSON cannot carry; it was left out`);
    return undefined;
  }) as string | undefined;
  return text === undefined ? undefined : JSON.parse(mendJson(text));
}
