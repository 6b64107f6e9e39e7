/**
 * What a trainer reports, made fit for the registry, so that no trifle costs a training.
 *
 * The protocol is strict. A trainer is not: a loss is NaN, a fraction 1.0000000000000002, a message too long. What JSON
 * or the registry cannot carry is left out, cut or converted, and told where something is missed; the rest counts. Other
 * calls are made by somebody who can make them anew, and are refused instead: see `carried.ts`.
 */
import {
  MAX_BASE_MODEL,
  MAX_DETAILS_BYTES,
  MAX_ERROR,
  MAX_MESSAGE,
  MAX_METADATA_BYTES,
  MAX_PATH_BYTES,
  MAX_PHASE,
} from '../src/domain/limits.ts';
import { cutText } from '../src/domain/values/text.ts';
import { INVALID_PARAMS, INVALID_REQUEST } from '../src/protocol/errors.ts';
import type { Result } from '../src/protocol/methods.ts';
import { carried, util } from './carried.ts';
import { RpcError } from './errors.ts';
import { isJsonObject } from '../src/domain/values/json.ts';
import type { CompletionWarning } from './verbs.ts';

type Tell = (what: string) => void;

/** A fraction that is off by more than rounding does is worth a word. */
const ROUNDING = 1e-6;

/** A request that cannot be read, and params that are refused: nothing was done. */
const REFUSED: ReadonlySet<number> = new Set([INVALID_REQUEST, INVALID_PARAMS]);
/** Without these nothing is reported. */
const NEEDED: ReadonlySet<string> = new Set(['project', 'token', 'error']);

const SAYABLE: ReadonlySet<string> = new Set(['string', 'number', 'boolean', 'bigint']);

const REPORTS: ReadonlySet<string> = new Set(['training.progress', 'training.complete', 'training.fail']);

/** Whether a method takes what a trainer reports. */
export function isReport(method: string): boolean {
  return REPORTS.has(method);
}

/**
 * Sends a report, and once more without what the registry refuses of it: what was trained for hours is trained.
 *
 * @param send makes the call with these params
 * @param tell is told of each thing that was left out or changed in a way that somebody may want to know
 * @throws what `send` throws, where nothing is left to leave out
 */
export async function sendReport<T>(
  send: (params: unknown) => Promise<T>,
  given: unknown,
  tell: Tell,
): Promise<T> {
  let params = fit(given, tell);
  for (;;) {
    try {
      return await send(params);
    } catch (error) {
      const rest = withoutRefused(params, error, tell);
      if (!rest) throw error;
      params = rest;
    }
  }
}

/** Tells what the registry misses in a training that has completed. */
export function tellMissed(result: unknown, tell: (what: string, code: CompletionWarning) => void): void {
  const { name, training, warnings } = (result ?? {}) as Partial<Result<'training.complete'>>;
  if (!warnings?.includes('no_adapter')) return;
  const why = 'none is in its output, none was named, and none was in service';
  tell(`training ${training?.token} of ${name} has completed, and there is no adapter: ${why}`, 'no_adapter');
}

/** The params as the registry takes them, as far as that can be told here; what is null is not reported. */
export function fit(given: unknown, tell: Tell): unknown {
  if (!isJsonObject(given)) return given;
  const fitted: [string, unknown][] = [];
  for (const [name, value] of Object.entries(given)) {
    // Whatever was thrown is an error, nothing included.
    if ((value === undefined || value === null) && name !== 'error') continue;
    const fitting = Object.hasOwn(FITTING, name) ? FITTING[name] : undefined;
    const one = (fitting ?? carriedOf)(value, name, tell);
    if (one !== undefined) fitted.push([name, one]);
  }
  return Object.fromEntries(fitted);
}

const FITTING: Readonly<Record<string, (value: unknown, name: string, tell: Tell) => unknown>> = {
  progress: fraction,
  phase: text(MAX_PHASE),
  message: text(MAX_MESSAGE),
  error: (value) => cutText(said(value).toWellFormed(), MAX_ERROR),
  details: object(MAX_DETAILS_BYTES),
  metadata: object(MAX_METADATA_BYTES),
  file_count: count,
  lora_adapter_path: path,
  vector_store_path: path,
  context_path: path,
  base_model: text(MAX_BASE_MODEL),
};

/** A value without what JSON cannot carry, and with the replacement character where half of a character stood. */
function carriedOf(value: unknown, name: string, tell: Tell): unknown {
  // By its name, so that paths begin there.
  const found = carried(
    { [name]: value },
    { lost: (at, why) => leave(at, why, tell), text: (one) => one.toWellFormed() },
  );
  return isJsonObject(found) ? found[name] : undefined;
}

function fraction(value: unknown, name: string, tell: Tell): number | undefined {
  const given = carriedOf(value, name, tell);
  if (given === undefined) return undefined;
  if (typeof given !== 'number') return leave(name, 'is no number', tell);
  const fitted = Math.min(Math.max(given, 0), 1);
  if (Math.abs(given - fitted) > ROUNDING) {
    tell(`${name} goes from 0 to 1: ${given} was taken for ${fitted}`);
  }
  return fitted;
}

/** Whatever can be read as a text is one. */
function text(units: number) {
  return (value: unknown, name: string, tell: Tell): string | undefined => {
    if (!SAYABLE.has(typeof value) && !util().types.isNativeError(value))
      return leave(name, 'is no text', tell);
    return value === '' ? value : cutText(said(value).toWellFormed(), units);
  };
}

/** Whatever it is, as a text that is not empty. */
function said(value: unknown): string {
  return (
    tried(() => ownText(value)) ?? tried(() => util().inspect(value)) ?? `an ${typeof value} that has no text`
  );
}

/** Undefined for what tells nothing of the value, such as `[object Object]`. */
function ownText(value: unknown): string | undefined {
  if (Array.isArray(value)) return undefined;
  const text = String(value);
  return text === '' || text.startsWith('[object ') ? undefined : text;
}

/** Undefined where it throws: what a program throws may itself throw when it is looked at. */
function tried(look: () => string | undefined): string | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function object(bytes: number) {
  return (value: unknown, name: string, tell: Tell): unknown => {
    const given = carriedOf(value, name, tell);
    if (given === undefined) return undefined;
    if (!isJsonObject(given)) return leave(name, 'is no object', tell);
    const size = Buffer.byteLength(JSON.stringify(given));
    return size <= bytes ? given : leave(name, `has ${size} bytes, ${bytes} are allowed`, tell);
  };
}

function count(value: unknown, name: string, tell: Tell): number | undefined {
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0
    ? number
    : leave(name, 'is no whole number', tell);
}

/** A path is never mended: it would be that of another file. */
function path(value: unknown, name: string, tell: Tell): string | undefined {
  if (typeof value !== 'string') return leave(name, 'is no text', tell);
  if (value === '') return leave(name, 'is empty', tell);
  if (!value.isWellFormed()) return leave(name, 'is no UTF-8', tell);
  if (value.includes('\0')) return leave(name, 'has a NUL character', tell);
  const size = Buffer.byteLength(value);
  return size <= MAX_PATH_BYTES
    ? value
    : leave(name, `has ${size} bytes, ${MAX_PATH_BYTES} are allowed`, tell);
}

function leave(name: string, why: string, tell: Tell): undefined {
  tell(`${name} ${why}; it was left out`);
  return undefined;
}

/** What is left of a report that was refused; undefined where the refusal is about no part of it. */
function withoutRefused(params: unknown, error: unknown, tell: Tell): object | undefined {
  if (!isJsonObject(params) || !(error instanceof RpcError) || !REFUSED.has(error.code)) return undefined;
  const optional = Object.keys(params).filter((name) => !NEEDED.has(name));
  const named = [...new Set(error.issues.map((issue) => issue.path.split('.')[0] ?? ''))].filter(Boolean);
  // Where nothing is named, nothing can be kept.
  const refused = named.length > 0 ? named : optional;
  if (refused.length === 0 || !refused.every((name) => optional.includes(name))) return undefined;
  const faults = error.issues.map((issue) => `${issue.path}: ${issue.message}`);
  tell(`${faults.join('; ') || error.message}; ${refused.join(', ')} was left out`);
  return Object.fromEntries(Object.entries(params).filter(([name]) => !refused.includes(name)));
}
