/**
 * What a trainer says on its progress descriptor, in any language: one line a report, `{"progress": 0.4}` or `40%`.
 */
import { isAbsolute, resolve } from 'node:path';
import { fit } from '../../reported.ts';
import type { Params } from '../../../src/protocol/methods.ts';
import { isJsonObject } from '../json.ts';

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
 * Reads a line. Of what it reports, each part that is not as it should be is left out and told; the rest counts.
 *
 * @param directory what a relative path in a result starts from
 * @returns undefined for a blank line
 * @throws {ReportFault} for a line that is no report
 */
export function readReport(line: string, directory: string): Report | undefined {
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
    result: readResult(result, directory, (what) => told.result.push(what)),
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

function readResult(given: unknown, directory: string, tell: (what: string) => void): TrainingResult {
  if (given === undefined || given === null) return {};
  if (!isJsonObject(given)) {
    tell('result is no object; it was left out');
    return {};
  }
  const { file_count, lora_adapter_path, metadata } = given;
  const result = fit({ file_count, lora_adapter_path, metadata }, (what) =>
    tell(`result.${what}`),
  ) as TrainingResult;
  const { lora_adapter_path: adapter } = result;
  return adapter === undefined || isAbsolute(adapter)
    ? result
    : { ...result, lora_adapter_path: resolve(directory, adapter) };
}
