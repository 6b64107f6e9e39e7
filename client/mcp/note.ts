/** What there is to say of a project now, in words: how far its training is, why it failed, that it waits. */
import type { WireProject } from '../../src/domain/encoding.ts';

/** Of an error; the last lines of a trainer say what went wrong. Characters. */
const MAX_ERROR = 300;

/** Undefined where the status says it all. */
export function noteOf(project: WireProject): string | undefined {
  const { training_status: status, training, retrain_requested: request } = project;
  if (status === 'training') return training ? progressWords(training) : undefined;
  const failed =
    status === 'failed' ? `failed: ${lastOf(training?.error ?? 'no reason is known')}` : undefined;
  const waits = request
    ? `waits for training, requested ${request.at}${request.reason ? `: ${request.reason}` : ''}`
    : status === 'not_started'
      ? 'waits for training'
      : undefined;
  return listed('; ', failed, waits) || undefined;
}

function progressWords(training: NonNullable<WireProject['training']>): string | undefined {
  const { progress, phase, message, holder, eta_s: left, cancel_requested: isCancelled } = training;
  const percent = progress === null ? undefined : `${Math.floor(progress * 100)} % done`;
  const eta = typeof left === 'number' ? `about ${left} s left` : undefined;
  const by = holder?.name === undefined ? undefined : `trained by ${holder.name}`;
  const cancel = isCancelled ? 'its trainer has been asked to stop' : undefined;
  return listed(', ', percent, eta, phase, message, by, cancel) || undefined;
}

/** What there is of it. */
function listed(separator: string, ...parts: readonly (string | null | undefined)[]): string {
  return parts.filter((part) => part != null && part !== '').join(separator);
}

function lastOf(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > MAX_ERROR ? `… ${line.slice(-MAX_ERROR)}` : line;
}
