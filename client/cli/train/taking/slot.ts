/** Asking for a lease again and again; for whom a slot is waited for is told, once and whenever that changes. */
import type { RegistryError } from '../../../../src/domain/errors.ts';
import { isRefusal } from '../../../../src/domain/values/refusal.ts';
import type { Holder } from '../../../../src/domain/project.ts';
import type { Context } from '../../context.ts';
import { printable } from '../../terminal/text.ts';
import { isPassing } from '../../../training/refusals.ts';
import { isHeldByUs } from '../../../training/begin.ts';
import type { Wait } from './wait.ts';

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

/** What is waited for beside a slot, as long as the time lasts. */
interface Patience {
  readonly waiting: Wait;
  /** Whether a project is waited for, too. */
  readonly isForProject: boolean;
}

/**
 * Asks for a lease, with a slot or without, until there is one. A daemon that goes away meanwhile is waited for.
 *
 * @param ask asks once, and has the daemon wait for so many milliseconds
 * @returns null where no project waits for training
 * @throws {RegistryError} `slot_taken` when the time is up, and what else is final
 */
export async function askForSlot<T>(
  ctx: Context,
  { waiting, isForProject }: Patience,
  ask: (waitMs: number) => Promise<T | null>,
): Promise<T | null> {
  let told: string | undefined;
  // At first without waiting, to hear at once whom it is for.
  for (let waitMs = 0, isFirst = true; ; waitMs = waiting.turn(TURN_MS), isFirst = false) {
    try {
      const begun = await ask(waitMs);
      if (begun !== null || !isForProject || waiting.left === 0) return begun;
    } catch (error) {
      const isTaken = isRefusal(error, 'slot_taken');
      const mayPass = !isFirst && (isPassing(error) || isHeldByUs(error));
      if (waiting.left === 0 || !(isTaken || mayPass)) throw error;
      const users = isTaken ? usersOf(error) : told;
      if (users !== told) ctx.note(`waiting for a slot: ${users}`);
      told = users;
      if (!isTaken) await waiting.overcome(error);
    }
  }
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
