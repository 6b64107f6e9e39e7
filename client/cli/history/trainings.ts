/** Trainings that have ended, as people read of them. */
import { isRefusal } from '../../../src/domain/values/refusal.ts';
import { METHOD_NOT_FOUND } from '../../../src/protocol/errors.ts';
import type { Result } from '../../../src/protocol/methods.ts';
import type { Client } from '../../client.ts';
import { RpcError } from '../../errors.ts';
import type { Context } from '../context.ts';
import type { Style } from '../terminal/colour.ts';
import { byteSize, duration, printable, relativeTime } from '../terminal/text.ts';

export type Trained = Result<'training.history'>['trainings'][number];

/** Those of a project, newest first; none where the daemon is an earlier one, or their disk does not answer it. */
export async function endedTrainings(client: Client, project: string): Promise<readonly Trained[]> {
  try {
    return (await client.training.history({ project })).trainings;
  } catch (error) {
    const isEarlier = error instanceof RpcError && error.code === METHOD_NOT_FOUND;
    if (isEarlier || isRefusal(error, 'storage_failed')) return [];
    throw error;
  }
}

/** As many letters of a commit tell it from others, as git shows it. */
const SHORT = 7;

export const OUTCOME_STYLES: Readonly<Record<Trained['status'], Style>> = {
  completed: 'green',
  failed: 'red',
  stalled: 'red',
  lost: 'red',
  cancelled: 'yellow',
  released: 'dim',
};

/** A commit, with a star where there was more than it has. */
export function commitText(source: Trained['source']): string {
  return source === null ? '' : `${printable(source.commit.slice(0, SHORT))}${source.dirty ? '*' : ''}`;
}

/** How long it took; empty where nobody knows when it began, or where a clock was set back. */
export function tookText({ started_at: started, ended_at: ended }: Trained): string {
  const seconds = started === null ? NaN : (Date.parse(ended) - Date.parse(started)) / 1000;
  return seconds >= 0 ? duration(seconds) : '';
}

/** Empty where it is not known, and where nothing is kept; the daemon counts a byte where all files are empty. */
export function sizeText(bytes: number | null): string {
  if (bytes === 1) return 'empty';
  return bytes === null || bytes === 0 ? '' : byteSize(bytes);
}

/** A training in words: `training 1767607200000 (2 days ago, 12.5 MiB, from 1a2b3c4)`. */
export function trainingWords(ctx: Context, { token, bytes, source, ended_at: ended }: Trained): string {
  const from = source === null ? '' : `from ${commitText(source)}`;
  const about = [relativeTime(ended, ctx.host.now()), sizeText(bytes), from].filter(Boolean).join(', ');
  return token === 0 ? `what was there before any training (${about})` : `training ${token} (${about})`;
}
