/** What there is to say of a project now, in words: how far its training is, why it failed, that it waits. */
import type { WireProject } from '../../src/domain/encoding.ts';
import { isLeaseRecorded } from '../../src/domain/training/record.ts';
import { allWaiting } from '../../src/domain/training/waiting.ts';
import { cutStart, cutText } from '../../src/domain/values/text.ts';
import { plainOrQuoted, quoted } from './words.ts';

/** Of what others have said; a model pays for each word. UTF-16 units. */
const MAX_QUOTED = 300;

/** Of a status `training` that some program has left behind. */
const ABANDONED = 'nobody trains it any more; request_retraining puts it in line again';
export const GONE = 'its directory is gone; if it has moved, the person can say so with gardener mv';

/**
 * In one line; what others have written is in quotes, and moves no cursor. Undefined where the status says it all.
 *
 * @param isGone whether its codebase is no longer where it was
 */
export function noteOf(project: WireProject, isGone = false): string | undefined {
  return listed('; ', ...trainingNotes(project), isGone ? GONE : undefined) || undefined;
}

/** Whether a note is of a project that is marked as being trained and is not. */
export function tellsAbandoned(note: string | undefined): boolean {
  return note?.startsWith(ABANDONED) ?? false;
}

function trainingNotes(project: WireProject): (string | undefined)[] {
  const { training_status: status, training } = project;
  if (isLeaseRecorded(project)) return [training ? progressWords(training) : undefined];
  if (status === 'training') return [ABANDONED];
  const isCancelled = training?.outcome === 'cancelled';
  return [
    isCancelled ? cancelledWords(status) : undefined,
    status === 'failed' ? failureWords(training?.error, isCancelled) : undefined,
    waitingWords(project),
  ];
}

/**
 * What a cancelled training leaves is how the project stood before, or failed: then the record does not tell whether it is
 * that one which has, and the words are true of both.
 */
function cancelledWords(status: WireProject['training_status']): string {
  return status === 'completed' ? 'a training after that was cancelled' : 'the last training was cancelled';
}

function failureWords(error: string | null | undefined, isCancelled: boolean): string | undefined {
  if (!isCancelled) return ending(error) || 'no reason is known';
  // Which is what a trainer writes down that was given no reason.
  return error === 'cancelled' ? undefined : ending(error);
}

/** Also one whose trainer was lost waits, unless that has happened too often. */
function waitingWords(project: WireProject): string | undefined {
  if (allWaiting([project]).length === 0) return undefined;
  const { retrain_requested: request } = project;
  const since = request ? `, requested ${request.at}` : '';
  return `waits for training${since}${request?.reason ? `: ${beginning(request.reason)}` : ''}`;
}

function progressWords(training: NonNullable<WireProject['training']>): string | undefined {
  const { progress, phase, message, holder, eta_s: left, cancel_requested: isCancelled } = training;
  const percent = progress === null ? undefined : `${Math.floor(progress * 100)} % done`;
  const eta = typeof left === 'number' ? `about ${left} s left` : undefined;
  const by = holder?.name === undefined ? undefined : `trained by ${plainOrQuoted(holder.name)}`;
  const cancel = isCancelled ? 'its trainer has been asked to stop' : undefined;
  return listed(', ', percent, eta, phase && quoted(phase), message && beginning(message), by, cancel);
}

/** What there is of it. */
function listed(separator: string, ...parts: readonly (string | null | undefined)[]): string {
  return parts.filter((part) => part != null && part !== '').join(separator);
}

/** What others have written, cut where it is long. */
export function beginning(text: string): string {
  return quoted(text.length > MAX_QUOTED ? `${cutText(text, MAX_QUOTED)}…` : text);
}

/** Of an error; the last words of a trainer say what went wrong. */
function ending(text: string | null | undefined): string | undefined {
  const line = text?.trim().replace(/\s+/g, ' ');
  return line && `error ${quoted(line.length > MAX_QUOTED ? `…${cutStart(line, MAX_QUOTED)}` : line)}`;
}
