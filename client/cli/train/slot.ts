/** Waiting for a slot: told for whom, once and whenever that changes. */
import { setTimeout as pause } from 'node:timers/promises';
import { isRefusal, type RegistryError } from '../../../src/domain/errors.ts';
import type { Holder } from '../../../src/domain/project.ts';
import type { Context } from '../context.ts';
import { printable } from '../terminal/text.ts';
import { isPassing } from './lease.ts';
import { RETRY_MS } from './wait.ts';

/** How long the daemon waits in one call. Who has the slots is told with its answer, and the place in the queue is kept. */
const TURN_MS = 10_000;
/** So many slots are told of; of more their number. */
const MAX_TOLD = 4;

/** As the daemon tells who has a slot; null for somebody who is just taking it. */
interface SlotHolder {
  readonly slot: string;
  readonly holder: Holder | null;
  readonly project: { readonly name: string } | null;
}

/**
 * Asks for a lease with a slot until there is one. A daemon that goes away meanwhile is waited for.
 *
 * @param wait seconds, for whatever is lacking; undefined for as long as it takes, and for a slot only
 * @param ask asks once, and has the daemon wait for so many milliseconds
 * @returns null where no project waits for training
 * @throws {RegistryError} `slot_taken` when the time is up, and what else is final
 */
export async function askForSlot<T>(
  ctx: Context,
  wait: number | true | undefined,
  ask: (waitMs: number) => Promise<T | null>,
): Promise<T | null> {
  const limit = typeof wait === 'number' ? performance.now() + wait * 1000 : Number.POSITIVE_INFINITY;
  const left = (): number => Math.max(0, limit - performance.now());
  let told: string | undefined;
  // At first without waiting, to hear at once whom it is for.
  for (let waitMs = 0, isFirst = true; ; waitMs = Math.min(TURN_MS, Math.ceil(left())), isFirst = false) {
    try {
      const begun = await ask(waitMs);
      if (begun !== null || wait === undefined || left() === 0) return begun;
    } catch (error) {
      const isTaken = isRefusal(error, 'slot_taken');
      if (left() === 0 || !(isTaken || (!isFirst && mayPass(error)))) throw error;
      const users = isTaken ? usersOf(error) : told;
      if (users !== told) ctx.note(`waiting for a slot: ${users}`);
      told = users;
      if (!isTaken) await pause(Math.min(RETRY_MS, left()));
    }
  }
}

/** A lease of this very process is one that has begun while the connection broke: it is over soon. */
function mayPass(error: unknown): boolean {
  if (!isRefusal(error, 'lease_held')) return isPassing(error);
  return (error.data['holder'] as Holder | null | undefined)?.pid === process.pid;
}

function usersOf({ data }: RegistryError): string {
  const { holders = [] } = data as { holders?: readonly SlotHolder[] };
  const more = holders.length > MAX_TOLD ? [`and ${holders.length - MAX_TOLD} more`] : [];
  return [...holders.slice(0, MAX_TOLD).map(userOf), ...more].join(', ');
}

function userOf({ slot, holder, project }: SlotHolder): string {
  if (!project) return `${printable(slot)} is about to be taken`;
  const pid = holder?.pid === undefined ? '' : ` (process ${holder.pid})`;
  const name = printable(holder?.name ?? 'somebody');
  return `${printable(slot)} is used by ${name} for "${printable(project.name)}"${pid}`;
}
