/**
 * What a trainer says on its progress descriptor, in any language: one line a report, `{"progress": 0.4}` or `40%`.
 */
import { isAbsolute, resolve } from 'node:path';
import { finite, fit } from '../reported.ts';
import type { Params } from '../../src/protocol/methods.ts';
import { isJsonObject } from './json.ts';

/** How far training is, as `training.progress` takes it. */
export type Progress = Omit<Params<'training.progress'>, 'project' | 'token'>;
/** What came of training, as `training.complete` takes it. */
export type TrainingResult = Omit<Params<'training.complete'>, 'project' | 'token'>;

export interface Report {
  readonly progress: Progress;
  readonly result: TrainingResult;
  /** What was left out or changed of the one and of the other; the rest counts. */
  readonly told: { readonly progress: readonly string[]; readonly result: readonly string[] };
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
 * Reads a line.
 *
 * @param directory what a relative path in a result starts from
 * @returns undefined for a blank line
 * @throws {ReportFault} for a line that is no report
 */
export function readReport(line: string, directory: string): Report | undefined {
  const text = line.trim();
  if (text === '') return undefined;
  const told = { progress: [] as string[], result: [] as string[] };
  const fitted = (progress: Progress): Progress =>
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
  const { progress, phase, message, details, result } = parse(text, (what) => {
    told[what.startsWith('result') ? 'result' : 'progress'].push(what);
  });
  const known = [progress, phase, message, details, result];
  if (known.every((value) => value === undefined) && told.progress.length === 0) {
    throw new ReportFault('it has none of progress, phase, message, details and result');
  }
  return {
    progress: fitted({
      ...(progress != null && { progress: fraction(progress) }),
      ...words('phase', phase),
      ...words('message', message),
      ...(details != null && { details: object('details', details) }),
    }),
    result: result == null ? {} : readResult(object('result', result), directory),
    told,
  };
}

/** Python's `json` writes NaN and Infinity, and a line with them is worth its other values. */
function parse(text: string, leftOut: (what: string) => void): ReturnType<typeof object> {
  try {
    return object('it', finite(JSON.parse(text), leftOut));
  } catch (error) {
    if (error instanceof ReportFault) throw error;
    const readable = text.replace(PYTHON_NUMBERS, (found) => (found.startsWith('"') ? found : INFINITE));
    if (readable === text) throw new ReportFault('it is neither JSON nor a percentage', { cause: error });
    return parse(readable, leftOut);
  }
}

function readResult(result: ReturnType<typeof object>, directory: string): TrainingResult {
  const { file_count: files, lora_adapter_path: adapter, metadata } = result;
  if (files != null && !(typeof files === 'number' && Number.isSafeInteger(files) && files >= 0)) {
    throw new ReportFault('result.file_count is no whole number');
  }
  if (adapter != null && typeof adapter !== 'string')
    throw new ReportFault('result.lora_adapter_path is no text');
  return {
    ...(files != null && { file_count: files }),
    ...(adapter != null && {
      lora_adapter_path: isAbsolute(adapter) ? adapter : resolve(directory, adapter),
    }),
    ...(metadata != null && { metadata: object('result.metadata', metadata) }),
  };
}

function fraction(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new ReportFault('progress is no number');
}

function words<N extends 'phase' | 'message'>(name: N, value: unknown): { [K in N]?: string } {
  if (value == null) return {};
  if (typeof value !== 'string') throw new ReportFault(`${name} is no text`);
  return { [name]: value } as { [K in N]?: string };
}

function object(name: string, value: unknown): Exclude<Progress['details'], undefined> {
  if (!isJsonObject(value)) throw new ReportFault(`${name} is no object`);
  return value;
}
