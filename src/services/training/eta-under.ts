/** How long the training under a lease will still take, as far as that can be told now. */
import type { Training } from '../../domain/project.ts';
import { etaOf } from '../../domain/training/eta.ts';
import type { Lease } from './leases.ts';

/** Seconds; see {@link etaOf}. */
export function etaUnder(lease: Lease, { started_at, phases = [] }: Training): number | null {
  const elapsed_s = (performance.now() - lease.startedAt) / 1000;
  const start = Date.parse(started_at ?? '');
  // By the clock that people set, which says at most that a phase has just begun, or began with the training.
  const since = (at: string): number =>
    Math.min(Math.max(0, (Date.parse(at) - start) / 1000 || 0), elapsed_s);
  const { reported, curve, profile } = lease;
  const begun = phases.map(({ phase, at }) => ({ phase, at_s: since(at) }));
  return etaOf({ elapsed_s, reported, curve, phases: begun }, profile);
}
