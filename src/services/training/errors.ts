/** Why somebody may not train, or has to stop. */
import { toWire } from '../../domain/encoding.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Project } from '../../domain/project.ts';
import type { RegistryView } from '../../domain/registry.ts';
import { DISCONNECTED, STALLED } from '../../domain/training/record.ts';
import type { Lease } from './leases.ts';

export function leaseLost(project: Project, token: number, lease: Lease | undefined): RegistryError {
  return new RegistryError(
    'lease_lost',
    `cannot go on training "${project.name}": ${whyLost(project, token)}; stop, and begin again`,
    { project: toWire(project), ...(lease ? { holder: lease.holder } : {}) },
  );
}

/** Where nobody has taken the project, the record says why the lease ended. */
function whyLost({ training }: Project, token: number): string {
  const isLast = training?.token === token && training.holder === null;
  if (isLast && training.error === STALLED)
    return 'it stalled: its trainer reported nothing for as long as it was allowed';
  if (isLast && training.error === DISCONNECTED) return 'its trainer was away for too long';
  return `token ${token} is not the current one`;
}

export function leaseHeld(project: Project, lease: Lease | undefined): RegistryError {
  const { name = 'somebody else', pid } = lease?.holder ?? {};
  // Not the trainer's own number: under "gardener train" another process has the lease.
  const holder = pid === undefined ? '' : ` under the lease of process ${pid}`;
  return new RegistryError(
    'lease_held',
    `cannot take "${project.name}": ${name} is training it${holder}; wait, or ask them to stop with training.cancel`,
    { holder: lease?.holder ?? null, project: toWire(project) },
  );
}

/** @param wanted the slots that would do */
export function slotTaken(
  wanted: readonly string[],
  leases: ReadonlyMap<string, Lease>,
  registry: RegistryView,
): RegistryError {
  const holders = wanted.map((slot) => {
    const { holder = null, projectId = '' } = leases.get(slot) ?? {};
    const { project_id, name } = registry.get(projectId) ?? {};
    return { slot, holder, project: project_id === undefined ? null : { project_id, name } };
  });
  const [{ slot, holder, project } = { slot: '', holder: null, project: null }] = holders;
  const under = holder?.pid === undefined ? '' : ` under the lease of process ${holder.pid}`;
  const who = project
    ? `${holder?.name ?? 'somebody else'} uses it to train "${project.name}"${under}`
    : 'somebody who has waited for it takes it';
  const others = wanted.length > 1 ? `, and the ${wanted.length - 1} other that would do are taken, too` : '';
  return new RegistryError(
    'slot_taken',
    `cannot take the slot "${slot}": ${who}${others}; wait, or ask them to stop with training.cancel`,
    { holders },
  );
}

export function cannotWait(): RegistryError {
  return new RegistryError('shutting_down', 'cannot wait: the daemon is shutting down; try again');
}
