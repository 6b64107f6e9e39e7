/** Whether a file is still the same: what its status tells of its content. */
import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ifMissing } from './errors.ts';

/** The longest tick of a clock that gives fractions of a second: Linux has 1 to 10 ms. Milliseconds. */
const TICK_MS = 20;
/** The longest tick of a clock that gives whole seconds: FAT has two. Milliseconds. */
const COARSEST_TICK_MS = 2_000;

/** Enough of a file's status to tell whether it is still the same content; the content decides in doubt. */
export interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** The identity of the file at a path; null when there is none. */
export async function identify(path: string): Promise<Identity | null> {
  return await stat(path, { bigint: true }).catch(ifMissing(null));
}

/** The same at once, for a look that must not be a moment old. */
export function identifyNow(path: string): Identity | null {
  return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
}

export function sameIdentity(a: Identity | null, b: Identity | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.dev === b.dev &&
    a.ino === b.ino &&
    a.size === b.size &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs
  );
}

/**
 * An identity that changes with the content; null when the content may change without it.
 *
 * Clocks of file systems tick: an edit in place within the tick of the last one, and of the same size, leaves the same
 * status. Git calls such a file racily clean, and looks at the content, too. Linux writes finer times on its common
 * file systems from 6.13 on.
 *
 * @param now when the content was known to be this, in milliseconds
 */
export function telling(identity: Identity, now: number): Identity | null {
  // An edit sets both times to its own: a file whose times differ cannot be edited into the same status.
  if (identity.mtimeNs !== identity.ctimeNs) return identity;
  const tick = identity.mtimeNs % 1_000_000_000n === 0n ? COARSEST_TICK_MS : TICK_MS;
  return now - Number(identity.mtimeNs / 1_000_000n) < tick ? null : identity;
}
