/**
 * Who may train what. A lease belongs to a connection; only its record is in the file.
 *
 * Taking a lease is a change of the registry, so it passes through the store's queue: a lease is reserved while its
 * change is on the way, and two that arrive together cannot both have it.
 */
import { toWire } from '../domain/encoding.ts';
import { RegistryError } from '../domain/errors.ts';
import type { Project } from '../domain/project.ts';
import { LONGEST_TIMER_MS } from '../system/longest-timer.ts';
import {
  canBeFollowed,
  DISCONNECTED,
  type Holder,
  isLeaseRecorded,
  nextToken,
  type Progress,
  STALLED,
  stallOf,
} from '../domain/training/training.ts';

/** How long a lease whose connection ended may be resumed, in milliseconds. */
export const RESUME_GRACE_MS = 10_000;

/** Whoever holds leases; a connection. */
export type Owner = object;

export interface Lease {
  readonly projectId: string;
  readonly token: number;
  readonly holder: Holder;
  /** Null while nobody is connected who could go on. */
  owner: Owner | null;
  /** Without a report for so long the lease is lost; milliseconds. */
  readonly stallMs: number | undefined;
  /** What was reported since the record was written; only in memory. */
  live: (Progress & { updated_at: string }) | null;
  /** The change that is about to end it; until that is durable the lease stays, and no other may end it. */
  ending: object | null;
}

/** Called when a lease ends because its trainer vanished. */
export type OnLost = (lease: Lease, why: 'disconnected' | 'stalled') => void;

export class Leases {
  readonly #leases = new Map<string, Lease>();
  readonly #timers = new Map<Lease, NodeJS.Timeout>();
  /** Leases on their way to the disk, by project. */
  readonly #reserved = new Map<string, object>();
  /** The highest token seen; an outside edit may take it out of the file, and it must not be given twice. */
  readonly #tokens = new Map<string, number>();
  #closed = false;
  readonly #onLost: OnLost;
  readonly #onFree: () => void;

  /**
   * @param onLost called when a trainer has vanished; to end the lease is up to the caller
   * @param onFree called whenever some project has become free
   */
  constructor(onLost: OnLost, onFree: () => void) {
    this.#onLost = onLost;
    this.#onFree = onFree;
  }

  /** The lease on a project, also one that is waiting to be resumed. */
  get(projectId: string): Lease | undefined {
    return this.#leases.get(projectId);
  }

  isFree(projectId: string): boolean {
    return !this.#leases.has(projectId) && !this.#reserved.has(projectId);
  }

  /**
   * Reserves a project for a change that is being tried, and gives the token of the lease it would begin.
   *
   * @param claim stands for the change, which may be tried several times
   * @param now when the change is made, as ISO 8601
   * @throws {RegistryError} `lease_held`
   */
  reserve(project: Project, claim: object, force: boolean, now: string): number {
    const id = project.project_id;
    const other = this.#reserved.get(id);
    if (other !== undefined && other !== claim) throw leaseHeld(project, undefined);
    const held = this.#leases.get(id);
    if (held && !force) throw leaseHeld(project, held);
    this.#reserved.set(id, claim);
    return nextToken(now, project.training?.token ?? 0, this.#tokens.get(id) ?? 0);
  }

  /** Keeps in mind the token of a project that is going: if it comes back, it may come without. */
  remember({ project_id: id, training }: Project): void {
    if (!training || !canBeFollowed(training.token)) return;
    if (training.token > (this.#tokens.get(id) ?? 0)) this.#tokens.set(id, training.token);
  }

  /** Gives back what a change that failed had reserved. */
  unreserve(claim: object): void {
    for (const [id, owner] of this.#reserved) {
      if (owner !== claim) continue;
      this.#reserved.delete(id);
      this.#onFree();
    }
  }

  /** Starts the lease that a durable change has recorded; an earlier one on the project is lost. */
  begin(claim: object, project: Project, owner: Owner, holder: Holder): Lease {
    this.unreserve(claim);
    const id = project.project_id;
    const token = project.training?.token ?? 0;
    this.#drop(id);
    this.remember(project);
    const stallMs = stallOf(project);
    const lease: Lease = { projectId: id, token, holder, owner, stallMs, live: null, ending: null };
    this.#leases.set(id, lease);
    this.#restartTimer(lease);
    return lease;
  }

  /**
   * The lease that a token stands for.
   *
   * @throws {RegistryError} `lease_lost`, also while a change that ends it is on its way
   */
  require(project: Project, token: number): Lease {
    const lease = this.#leases.get(project.project_id);
    if (lease?.token === token && lease.ending === null) return lease;
    throw leaseLost(project, token, lease);
  }

  /**
   * The same from within a change, for which the changes before it in the batch count: one of them may have taken the
   * project by force.
   *
   * @param ending the change, if it ends the lease; given again when the change is tried again
   */
  requireWithin(project: Project, token: number, ending: object | null = null): Lease {
    const lease = this.#leases.get(project.project_id);
    const taken = this.#reserved.has(project.project_id);
    if (lease?.token !== token || taken || (lease.ending !== null && lease.ending !== ending)) {
      throw leaseLost(project, token, lease);
    }
    lease.ending = ending;
    return lease;
  }

  /**
   * Whether a project may be changed behind a trainer's back; asked from within the change.
   *
   * @param owner may change what it holds itself
   * @returns the owner's lease, if there is one
   * @throws {RegistryError} `lease_held` when somebody else holds the project, or is taking it in the same batch
   */
  requireFree(project: Project, owner?: Owner): Lease | undefined {
    const lease = this.#leases.get(project.project_id);
    const held = lease !== undefined && (owner === undefined || lease.owner !== owner);
    if (held || this.#reserved.has(project.project_id)) throw leaseHeld(project, lease);
    return lease;
  }

  /** Keeps what a trainer reports, and its lease. */
  report(lease: Lease, progress: Progress, at: string): void {
    lease.live = { ...lease.live, ...defined(progress), updated_at: at };
    if (lease.owner) this.#restartTimer(lease);
  }

  /** Moves a lease to another connection. */
  resume(lease: Lease, owner: Owner): void {
    lease.owner = owner;
    this.#restartTimer(lease);
  }

  /** Nobody may know that they hold it: it waits to be resumed, as if the connection had ended. */
  orphan(lease: Lease): void {
    lease.owner = null;
    this.#restartTimer(lease);
  }

  /** The lease is over, in whatever way; if the project has another one by now, that goes on. */
  end(lease: Lease): void {
    if (this.#leases.get(lease.projectId) === lease) this.endOf(lease.projectId);
  }

  /** The project is no more, and whatever lease there was on it. */
  endOf(projectId: string): void {
    if (this.#drop(projectId)) this.#onFree();
  }

  /** The loss of a lease could not be written down: it is tried again after the same time. */
  retryLoss(lease: Lease): void {
    if (this.#leases.get(lease.projectId) === lease) this.#restartTimer(lease);
  }

  /** The change that was about to end a lease has failed: it goes on. */
  keep(ending: object): void {
    for (const lease of this.#leases.values()) if (lease.ending === ending) lease.ending = null;
  }

  /** The connection has ended: its leases wait to be resumed. */
  disconnect(owner: Owner): void {
    for (const lease of this.#leases.values()) {
      if (lease.owner !== owner) continue;
      lease.owner = null;
      this.#restartTimer(lease);
    }
  }

  /** Takes up a lease that an earlier daemon wrote down. */
  adopt(project: Project): void {
    const { project_id: projectId, training } = project;
    if (!training || !isLeaseRecorded(project)) return;
    const { name, pid } = training.holder ?? {};
    const lease: Lease = {
      projectId,
      token: training.token,
      holder: { name, pid },
      owner: null,
      stallMs: stallOf(project),
      live: null,
      ending: null,
    };
    this.#leases.set(projectId, lease);
    this.#restartTimer(lease);
  }

  /** Stops every timer, for good; recorded leases are for the next daemon. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #drop(projectId: string): boolean {
    const lease = this.#leases.get(projectId);
    if (!lease) return false;
    clearTimeout(this.#timers.get(lease));
    this.#timers.delete(lease);
    return this.#leases.delete(projectId);
  }

  #restartTimer(lease: Lease): void {
    clearTimeout(this.#timers.get(lease));
    this.#timers.delete(lease);
    if (this.#closed) return;
    const after = lease.owner === null ? RESUME_GRACE_MS : lease.stallMs;
    if (after === undefined) return;
    const why = lease.owner === null ? 'disconnected' : 'stalled';
    // Timers run on the monotonic clock: setting the time of day does not move them.
    this.#timers.set(
      lease,
      // The file may say anything.
      setTimeout(() => this.#onLost(lease, why), Math.min(after, LONGEST_TIMER_MS)),
    );
  }
}

function leaseLost(project: Project, token: number, lease: Lease | undefined): RegistryError {
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

function leaseHeld(project: Project, lease: Lease | undefined): RegistryError {
  const { name = 'somebody else', pid } = lease?.holder ?? {};
  // Not the trainer's own number: under "gardener train" another process has the lease.
  const holder = pid === undefined ? '' : ` under the lease of process ${pid}`;
  return new RegistryError(
    'lease_held',
    `cannot take "${project.name}": ${name} is training it${holder}; wait, or ask them to stop with training.cancel`,
    { holder: lease?.holder ?? null, project: toWire(project) },
  );
}

function defined(progress: Progress): Progress {
  return Object.fromEntries(Object.entries(progress).filter(([, value]) => value !== undefined));
}
