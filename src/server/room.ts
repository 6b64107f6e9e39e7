/** Answers that may be as long as the registry wait for as long as more than enough waits to be read. */
import type { MethodName } from '../protocol/methods.ts';
import type { Holdings } from './holdings.ts';
import type { Batch } from './batch.ts';
import type { Exchange } from './exchange.ts';
import { InvalidRequestError } from './refusal.ts';

/** What is answered with all projects, or about all of them. */
const BULKY: ReadonlySet<MethodName> = new Set([
  'projects.list',
  'registry.backups',
  'registry.validate',
  'registry.watch',
  'rpc.discover',
]);
const CROWDED =
  'invalid request: too many answers wait to be read, and no more of the batch can be answered; ask for less at once';
/** What nobody hears: putting an answer together for a peer that was cut off makes the others wait. */
const GONE = 'invalid request: the connection has ended';

/**
 * Resolves when there is room for the answer of a method; null when there is now.
 *
 * @param batch that the request is in
 * @param isDraining who waits then waits no longer
 * @throws {InvalidRequestError} when there will be none; also by rejecting
 */
export function roomFor(
  method: MethodName,
  exchange: Exchange,
  batch: Batch | null,
  holdings: Holdings,
  isDraining: () => boolean,
): Promise<void> | null {
  if (!BULKY.has(method)) return null;
  const { connection } = exchange;
  const requirePeer = (): void => {
    if (connection.closed) throw new InvalidRequestError(GONE);
  };
  requirePeer();
  if (!holdings.areTooMuch) return null;
  // What a batch has got already would be held meanwhile, and if all did so nothing would ever be let go.
  if (batch && batch.length > 0) throw new InvalidRequestError(CROWDED);
  exchange.parks();
  return (async () => {
    while (!isDraining() && !connection.closed) {
      // Of many that one peer has asked for, one is put together, and the next when that is read. Those of a batch are
      // sent together: they would wait for each other.
      const room = batch ? null : exchange.room();
      if (room) await room;
      else if (holdings.areTooMuch) await new Promise<void>((resolve) => holdings.whenLess(resolve));
      else break;
    }
    requirePeer();
  })();
}
