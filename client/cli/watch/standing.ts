/** How training stands, in words. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { printable, statusWords } from '../terminal/text.ts';
import type { Problem } from './state.ts';

/** The status with what is to become of it: `retrain` is asked for, `stopping` too. */
export function standing({
  training_status: status,
  training,
  retrain_requested: retrain,
}: WireProject): string {
  if (status === 'training') return training?.cancel_requested ? 'stopping' : 'training';
  return retrain ? 'retrain' : statusWords(status, training?.outcome);
}

/** From 0 to 1; undefined where nobody trains or the trainer does not say. */
export function progressOf({ training_status: status, training }: WireProject): number | undefined {
  return status === 'training' ? (training?.progress ?? undefined) : undefined;
}

/** What is wrong with the file, and in which place, if it is in one. */
export function problemWords(
  { message, line, column }: Problem,
  words: { tildes(message: string): string },
): [message: string, place: string] {
  return [printable(words.tildes(message)), line === undefined ? '' : `line ${line}, column ${column ?? 1}`];
}

/** What the trainer is at; of a failed one, its last words. */
export function doing({
  training_status: status,
  training,
  retrain_requested: retrain,
}: WireProject): string {
  if (status === 'training') return [training?.phase, training?.message].filter(Boolean).join(': ');
  if (retrain) return retrain.reason ?? '';
  return status === 'failed' ? lastWords(training?.error ?? '') : '';
}

/** What an error says, in one line: the last words say most, and how it ended stands first in the record. */
export function lastWords(error: string): string {
  const [how = '', ...words] = error.split('\n');
  return words.length === 0 ? how : `${words.at(-1)} (${how})`;
}

/** Who trains it: the program's name, or its process, and the slot that it has. */
export function holderOf({ training_status: status, training }: WireProject): string {
  if (status !== 'training') return '';
  const { name, pid } = training?.holder ?? {};
  const holder = name ?? (pid === undefined ? '' : `process ${pid}`);
  const slot = training?.slot === undefined ? '' : `(${training.slot})`;
  return printable([holder, slot].filter(Boolean).join(' '));
}
