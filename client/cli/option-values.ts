/** Reading the values of flags. */
import { basename } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { type TrainingStatus, TRAINING_STATUSES } from '../../src/domain/project.ts';
import { LOG_LEVELS, type LogLevel, parseLogLevel } from '../../src/flags.ts';
import { UsageError } from './errors.ts';
import { shellWord } from './terminal/text.ts';

/** For flags that may be given several times. An empty value is a variable that somebody has not set. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  if (value === '') throw new InvalidArgumentError('it must not be empty');
  return [...before, value];
}

/** What may not be empty: a variable that somebody has not set. */
export function filled(value: string): string {
  if (value === '') throw new InvalidArgumentError('it is empty');
  return value;
}

/** The same for flags that may be given several times. */
export function collectFilled(value: string, before?: readonly string[]): readonly string[] {
  return collect(filled(value), before);
}

const CHOICES = TRAINING_STATUSES.map((status) => status.replace('_', '-'));

/** A training status, also with the underscore of the protocol or the blank of the tables. */
export function statusArgument(value: string): TrainingStatus {
  const wanted = value.toLowerCase().replace(/[- ]/g, '_');
  const status = TRAINING_STATUSES.find((one) => one === wanted);
  if (status) return status;
  throw new InvalidArgumentError(`it is one of ${CHOICES.slice(0, -1).join(', ')} and ${CHOICES.at(-1)}`);
}

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** The value of `--status`. Help and completion show the choices as words; more than those can be read. */
export const statuses = {
  choices: CHOICES,
  read: (value: string, before: readonly TrainingStatus[] = []): readonly TrainingStatus[] => [
    ...before,
    statusArgument(value),
  ],
};

/** One of a few words, in any case of letters. */
export function wordOf<T extends string>(words: readonly T[]) {
  return {
    choices: words,
    read(value: string): T {
      const word = words.find((one) => one === value.toLowerCase());
      if (word !== undefined) return word;
      throw new InvalidArgumentError(`it is one of ${words.join(', ')}`);
    },
  };
}

/** A shell, also as `$SHELL` has it. */
export const shells = {
  choices: SHELLS,
  read: (value: string): (typeof SHELLS)[number] => wordOf(SHELLS).read(basename(value)),
};

/**
 * Reads the value of a flag that says where the registry is. An empty one is a variable that somebody has not set, and the
 * next flag is one without quotes: both would lead to another registry than the person means.
 */
export function placeOption(flag: string): (value: string) => string {
  return (value) => {
    if (value === '') throw new UsageError(`cannot use an empty path for ${flag}`, `${flag} <path>`);
    if (value.startsWith('-')) {
      throw new UsageError(
        `cannot use ${value} for ${flag}: the path is missing`,
        `${flag} <path>; ${flag} ${shellWord(`./${value}`)} for one that begins with a dash`,
      );
    }
    return value;
  };
}

export function wholeNumber(value: string): number {
  return numberFrom(0, value);
}

export function positiveNumber(value: string): number {
  return numberFrom(1, value);
}

function numberFrom(least: number, value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(number) && number >= least) return number;
  throw new InvalidArgumentError(`it must be a whole number, ${least} or more`);
}

const HOUR_MS = 3_600_000;
const AGES: Readonly<Record<string, number>> = { h: HOUR_MS, d: 24 * HOUR_MS, w: 7 * 24 * HOUR_MS };

/** A length of time as people write an age: `12h`, `30d`, `2w`, `0d` for none. In milliseconds. */
export function age(value: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([hdw])$/.exec(value) ?? [];
  const length = AGES[unit];
  if (length !== undefined) return Number(count) * length;
  throw new InvalidArgumentError('it must be a number of hours, days or weeks, such as 12h, 30d or 2w');
}

export function seconds(value: string): number {
  const number = Number(value);
  if (/^\d+(\.\d+)?$/.test(value) && number > 0) return number;
  throw new InvalidArgumentError('it must be a number of seconds, more than 0');
}

/** The value of a flag for a level, in any case of letters, as the daemon takes it. */
export const logLevels = {
  choices: LOG_LEVELS,
  read(value: string): LogLevel {
    const level = parseLogLevel(value);
    if (level) return level;
    throw new InvalidArgumentError(`it is one of ${LOG_LEVELS.join(', ')}`);
  },
};
