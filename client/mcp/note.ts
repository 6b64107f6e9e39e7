/** What there is to say of a project now, in words: how far its training is, why it failed, that it waits. */
import type { WireProject } from '../../src/domain/encoding.ts';
import { allWaiting } from '../../src/domain/training/waiting.ts';
import { cutStart, cutText } from '../../src/domain/values/text.ts';

/** Of what others have said; a model pays for each word. UTF-16 units. */
const MAX_QUOTED = 300;

/** Undefined where the status says it all. */
export function noteOf(project: WireProject): string | undefined {
  const { training_status: status, training } = project;
  if (status === 'training') return training ? progressWords(training) : undefined;
  const isCancelled = training?.outcome === 'cancelled';
  const ended = isCancelled ? 'the last training was cancelled' : undefined;
  const failed = status === 'failed' ? `failed: ${ending(training?.error ?? 'no reason is known')}` : ended;
  return listed('; ', failed, waitingWords(project)) || undefined;
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
  const by = holder?.name === undefined ? undefined : `trained by ${holder.name}`;
  const cancel = isCancelled ? 'its trainer has been asked to stop' : undefined;
  return listed(', ', percent, eta, phase, message && beginning(message), by, cancel) || undefined;
}

/** What there is of it. */
function listed(separator: string, ...parts: readonly (string | null | undefined)[]): string {
  return parts.filter((part) => part != null && part !== '').join(separator);
}

function beginning(text: string): string {
  return text.length > MAX_QUOTED ? `${cutText(text, MAX_QUOTED)}…` : text;
}

/** In one line; the last ones of a trainer say what went wrong. */
function ending(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > MAX_QUOTED ? `…${cutStart(line, MAX_QUOTED)}` : line;
}
