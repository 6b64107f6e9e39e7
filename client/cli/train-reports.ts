/**
 * What a trainer says on its progress descriptor, in any language: one line a report, `{"progress": 0.4}` or `40%`.
 */
import { isAbsolute, resolve } from 'node:path';
import type { Params } from '../../src/protocol/methods.ts';
import { isJsonObject } from './json.ts';

/** How far training is, as `training.progress` takes it. */
export type Progress = Omit<Params<'training.progress'>, 'project' | 'token'>;
/** What came of training, as `training.complete` takes it. */
export type TrainingResult = Omit<Params<'training.complete'>, 'project' | 'token'>;

export interface Report {
  readonly progress: Progress;
  readonly result: TrainingResult;
}

/** A line that is no report; the message says why. */
export class ReportFault extends Error {
  override readonly name = 'ReportFault';
}

/** What the registry takes of each, in UTF-16 units; a trainer need not know. */
const MAX_PHASE = 100;
const MAX_MESSAGE = 1_000;

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
  const percent = /^(\d+(?:\.\d+)?)\s*%\s*(.*)$/.exec(text);
  if (percent) {
    const [, number, message = ''] = percent;
    return {
      progress: { progress: fraction(Number(number) / 100), ...(message !== '' && cut({ message })) },
      result: {},
    };
  }
  const document = parse(text);
  const { progress, phase, message, details, result } = document;
  const known = { progress, phase, message, details, result };
  if (Object.values(known).every((value) => value === undefined)) {
    throw new ReportFault('it has none of progress, phase, message, details and result');
  }
  return {
    progress: {
      ...(progress != null && { progress: fraction(progress) }),
      ...cut({ phase: words('phase', phase), message: words('message', message) }),
      ...(details != null && { details: object('details', details) }),
    },
    result: result == null ? {} : readResult(object('result', result), directory),
  };
}

function parse(text: string): ReturnType<typeof object> {
  try {
    return object('it', JSON.parse(text));
  } catch (error) {
    if (error instanceof ReportFault) throw error;
    throw new ReportFault('it is neither JSON nor a percentage', { cause: error });
  }
}

function readResult(result: ReturnType<typeof object>, directory: string): TrainingResult {
  const { file_count: files, lora_adapter_path: adapter, metadata } = result;
  if (files != null && !(typeof files === 'number' && Number.isSafeInteger(files) && files >= 0)) {
    throw new ReportFault('result.file_count is no whole number');
  }
  const path = words('result.lora_adapter_path', adapter);
  return {
    ...(files != null && { file_count: files }),
    ...(path !== undefined && { lora_adapter_path: isAbsolute(path) ? path : resolve(directory, path) }),
    ...(metadata != null && { metadata: object('result.metadata', metadata) }),
  };
}

function fraction(value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw new ReportFault('progress goes from 0 to 1, or from 0% to 100%');
}

function words(name: string, value: unknown): string | undefined {
  if (value == null) return undefined;
  if (typeof value !== 'string') throw new ReportFault(`${name} is no text`);
  return value;
}

function object(name: string, value: unknown): Exclude<Progress['details'], undefined> {
  if (!isJsonObject(value)) throw new ReportFault(`${name} is no object`);
  return value;
}

function cut({ phase, message }: Pick<Progress, 'phase' | 'message'>): Pick<Progress, 'phase' | 'message'> {
  return {
    ...(phase !== undefined && { phase: phase.slice(0, MAX_PHASE) }),
    ...(message !== undefined && { message: message.slice(0, MAX_MESSAGE) }),
  };
}
