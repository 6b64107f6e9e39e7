/** Reading the values of flags. */
import { InvalidArgumentError } from 'commander';
import type { TrainingStatus } from '../../src/domain/project.ts';

/** For flags that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

const STATUSES: Readonly<Record<TrainingStatus, true>> = {
  not_started: true,
  training: true,
  completed: true,
  failed: true,
};

/** A training status, also with the hyphen or blank that people write. */
export function statusArgument(value: string): TrainingStatus {
  const wanted = value.toLowerCase().replace(/[- ]/g, '_');
  if (isStatus(wanted)) return wanted;
  throw new InvalidArgumentError('it is one of not-started, training, completed and failed');
}

function isStatus(text: string): text is TrainingStatus {
  return Object.hasOwn(STATUSES, text);
}

export function wholeNumber(value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(number)) return number;
  throw new InvalidArgumentError('it must be a whole number, 0 or more');
}
