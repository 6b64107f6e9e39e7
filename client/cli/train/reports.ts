/**
 * What a trainer says on its progress descriptor, in any language: one line a report, `{"progress": 0.4}` or `40%`.
 */
import { resolve } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { MAX_METADATA_BYTES } from '../../../src/domain/limits.ts';
import { cutText } from '../../../src/domain/values/text.ts';
import { fit } from '../../reported.ts';
import type { Params } from '../../../src/protocol/methods.ts';
import type { Progress } from '../../training/held.ts';
import { expandTilde } from '../terminal/text.ts';
import { isJsonObject } from '../../../src/domain/values/json.ts';

/** What came of training, as `training.complete` takes it. */
export type TrainingResult = Omit<Params<'training.complete'>, 'project' | 'token'>;

export interface Report {
  readonly progress: Progress;
  readonly result: TrainingResult;
  /** What was left out or changed of the one and of the other; the rest counts. */
  readonly told: { readonly progress: readonly string[]; readonly result: readonly string[] };
}

/** What paths in a result start from. */
export interface PathBase {
  readonly directory: string;
  /** What `~` stands for. */
  readonly home: string;
}

/** A line that is no report; the message says why. */
export class ReportFault extends Error {
  override readonly name = 'ReportFault';
}

/** A text, or one of the numbers that Python writes and JSON does not have. */
const PYTHON_NUMBERS = /"(?:[^"\\]|\\.)*"?|-?\b(?:NaN|Infinity)\b/g;
/** Of that size a double is infinite, and the text is JSON. */
const INFINITE = '1e999';

/**
 * Reads a line. Of what it reports, each part that is not as it should be is left out and told; the rest counts.
 *
 * @param base what a path in a result starts from
 * @returns undefined for a blank line
 * @throws {ReportFault} for a line that is no report
 */
export function readReport(line: string, base: PathBase): Report | undefined {
  const text = line.trim();
  if (text === '') return undefined;
  const told = { progress: [] as string[], result: [] as string[] };
  const fitted = (progress: object): Progress =>
    fit(progress, (what) => told.progress.push(what)) as Progress;
  const percent = /^(\d+(?:\.\d+)?)\s*%\s*(.*)$/.exec(text);
  if (percent) {
    const [, number, message = ''] = percent;
    return {
      progress: fitted({ progress: Number(number) / 100, ...(message !== '' && { message }) }),
      result: {},
      told,
    };
  }
  const { progress, phase, message, details, result } = parse(text);
  if ([progress, phase, message, details, result].every((value) => value === undefined)) {
    throw new ReportFault('it has none of progress, phase, message, details and result');
  }
  return {
    progress: fitted({ progress, phase, message, details }),
    result: readResult(result, base, (what) => told.result.push(what)),
    told,
  };
}

/** Python's `json` writes NaN and Infinity, and a line with them is worth its other values. */
function parse(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const readable = text.replace(PYTHON_NUMBERS, (found) => (found.startsWith('"') ? found : INFINITE));
    if (readable === text) throw new ReportFault('it is neither JSON nor a percentage', { cause: error });
    return parse(readable);
  }
  if (!isJsonObject(value)) throw new ReportFault('it is no object');
  return value;
}

/**
 * Both of two results, as the registry would have it had each been told to it: metadata key by key, and what comes later
 * wins.
 *
 * @param tell is told where both are too much; the later one counts then
 */
export function joinResults(
  earlier: TrainingResult,
  later: TrainingResult,
  tell: (what: string) => void,
): TrainingResult {
  if (!earlier.metadata || !later.metadata) return { ...earlier, ...later };
  const metadata = { ...earlier.metadata, ...later.metadata };
  const size = Buffer.byteLength(JSON.stringify(metadata));
  if (size <= MAX_METADATA_BYTES) return { ...earlier, ...later, metadata };
  tell(
    `result.metadata has ${size} bytes with that of earlier lines, ${MAX_METADATA_BYTES} are allowed; the earlier was left out`,
  );
  return { ...earlier, ...later };
}

function readResult(given: unknown, base: PathBase, tell: (what: string) => void): TrainingResult {
  if (given === undefined || given === null) return {};
  if (!isJsonObject(given)) {
    tell('result is no object; it was left out');
    return {};
  }
  const known: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (NAMES.includes(name)) known[name] = value;
    else tell(unknownName(name));
  }
  const result = fit(known, (what) => tell(`result.${what}`)) as TrainingResult;
  for (const name of PATHS) {
    const path = result[name];
    if (path !== undefined) result[name] = resolve(base.directory, expandTilde(path, base.home));
  }
  return result;
}

const PATHS = ['lora_adapter_path', 'vector_store_path', 'context_path'] as const;
/** Of a result. */
const NAMES: readonly string[] = ['file_count', ...PATHS, 'base_model', 'metadata'];
/** As many letters may be mistyped, and longer names are not looked at. */
const MAX_MISTYPED = 2;
const MAX_NAME = 100;
/** Shorter words are in too many names. */
const MIN_WORD = 4;

function unknownName(name: string): string {
  const near = name.length <= MAX_NAME ? nearName(name) : undefined;
  const shown = name.length <= MAX_NAME ? name : `${cutText(name, MAX_NAME - 1)}…`;
  return `result.${shown} is unknown; it was left out${near === undefined ? '' : `; did you mean ${near}?`}`;
}

/** The name that was meant: mistyped, or one with words in common, the more the better. */
function nearName(name: string): string | undefined {
  const words = wordsOf(name);
  const far = (known: string): number => distance(words.join(''), wordsOf(known).join(''));
  const common = (known: string): number =>
    far(known) <= MAX_MISTYPED ? Infinity : inCommon(words, wordsOf(known));
  const near = NAMES.filter((known) => common(known) > 0);
  return near.toSorted((a, b) => (common(a) === common(b) ? 0 : common(b) - common(a)) || far(a) - far(b))[0];
}

function wordsOf(name: string): string[] {
  return name
    .replace(/(?<=[a-z])(?=[A-Z])/g, '_')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter(Boolean);
}

/** How many of the words others begin with, or the other way round. */
function inCommon(some: readonly string[], others: readonly string[]): number {
  return some.filter(
    (word) =>
      word.length >= MIN_WORD && others.some((other) => other.startsWith(word) || word.startsWith(other)),
  ).length;
}
