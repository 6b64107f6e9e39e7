/**
 * Who may train what. A lease belongs to a connection; only its record is in the file.
 *
 * Taking a lease is a change of the registry, so it passes through the store's queue: a lease is reserved while its
 * change is on the way, and two that arrive together cannot both have it.
 */
import { type CurvePoint, sampled, type TrainingProfile } from '../../domain/training/curve.ts';
import type { Holder, Project } from '../../domain/project.ts';
import { canBeFollowed, isLeaseRecorded, nextToken } from '../../domain/training/record.ts';
import type { Progress } from '../../domain/training/training.ts';
import { defined } from '../../domain/values/defined.ts';
import { LONGEST_TIMER_MS } from '../../system/longest-timer.ts';
import { leaseHeld, leaseLost } from './errors.ts';

/** How long a lease whose connection ended may be resumed, in milliseconds. */
export const RESUME_GRACE_MS = 10_000;

/** What leases belong to. */
export interface Connection {
  /** Whether the peer will ask nothing more, and so cannot go on training. */
  readonly ended: boolean;
}

export interface Lease {
  readonly projectId: string;
  readonly token: number;
  readonly holder: Holder;
  /** Null while nobody is connected who could go on. */
  connection: Connection | null;
  /** Without a report for so long the lease is lost; milliseconds. */
  readonly stallMs: number | undefined;
  /** What no other has. */
  readonly slot: string | undefined;
  /** What was reported since the record was written; only in memory. */
  live: (Progress & { updated_at: string }) | null;
  /** By the monotonic clock. */
  readonly startedAt: number;
  /** How far it was when, in few points: for telling how long the next one will take. */
  curve: readonly CurvePoint[];
  /** The last progress that was reported. */
  reported: CurvePoint | null;
  /** How the last training that completed went; null where there is none, and until it has been read. */
  profile: TrainingProfile | null;
  /** The change that is about to end it; until that is durable the lease stays, and no other may end it. */
  ending: LeaseChange | null;
  /** Runs out when the trainer has vanished. */
  timer?: NodeJS.Timeout;
}

/** A change of the registry that begins a lease or ends one, until it has been made or has failed. */
export interface LeaseChange {
  /** The project that no other change may take meanwhile. */
  reserved: string | null;
  /** The lease that no other change may end meanwhile. */
  ending: Lease | null;
}

/** How a trainer has vanished. */
export type Loss = 'disconnected' | 'stalled';

export class Leases {
  readonly #leases = new Map<string, Lease>();
  /** Leases on their way to the disk, by project. */
  readonly #reserved = new Map<string, LeaseChange>();
  /** The highest token seen; an outside edit may take it out of the file, and it must not be given twice. */
  readonly #tokens = new Map<string, number>();
  #closed = false;
  readonly #onLost: (lease: Lease, why: Loss) => void;
  readonly #onFree: () => void;

  /**
   * @param onLost called when a trainer has vanished; to end the lease is up to the caller
   * @param onFree called whenever some project has become free
   */
  constructor(onLost: (lease: Lease, why: Loss) => void, onFree: () => void) {
    this.#onLost = onLost;
    this.#onFree = onFree;
  }

  /** The lease on a project, also one that is waiting to be resumed. */
  get(projectId: string): Lease | undefined {
    return this.#leases.get(projectId);
  }

  /** Who has which slot, by its name. */
  slots(): Map<string, Lease> {
    const leases = [...this.#leases.values()];
    return new Map(leases.flatMap((lease) => (lease.slot === undefined ? [] : [[lease.slot, lease]])));
  }

  isFree(projectId: string): boolean {
    return !this.#leases.has(projectId) && !this.#reserved.has(projectId);
  }

  /**
   * Reserves a project for a change that is being tried, and gives the token of the lease it would begin.
   *
   * @param now when the change is made, as ISO 8601
   * @see {@link Leases.raise}, for tokens that only the disk knows
   * @throws {RegistryError} `lease_held`
   */
  reserve(change: LeaseChange, project: Project, force: boolean, now: string): number {
    const id = project.project_id;
    if ((this.#reserved.get(id) ?? change) !== change) throw leaseHeld(project, undefined);
    const held = this.#leases.get(id);
    if (held && !force) throw leaseHeld(project, held);
    this.#reserved.set(id, change);
    change.reserved = id;
    return nextToken(now, project.training?.token ?? 0, this.#tokens.get(id) ?? 0);
  }

  /** Keeps in mind a token of a project that was given out, as the file may know less than the disk beside it. */
  raise(projectId: string, token: number): void {
    if (canBeFollowed(token) && token > (this.#tokens.get(projectId) ?? 0))
      this.#tokens.set(projectId, token);
  }

  /** A change is over, or is about to be tried again: what it reserved is free, and the lease it did not end goes on. */
  settle(change: LeaseChange): void {
    const { reserved, ending } = change;
    change.reserved = change.ending = null;
    if (ending) ending.ending = null;
    if (reserved === null) return;
    this.#reserved.delete(reserved);
    this.#onFree();
  }

  /** Starts the lease that a durable change has recorded; an earlier one on the project is lost. */
  begin(change: LeaseChange, project: Project, connection: Connection, holder: Holder): Lease {
    this.settle(change);
    this.#drop(project.project_id);
    this.#remember(project);
    const lease = leaseOf(project, holder);
    this.#leases.set(project.project_id, lease);
    this.give(lease, connection);
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
   * @param change ends the lease, as no other may from here on; default none
   */
  requireWithin(project: Project, token: number, change?: LeaseChange): Lease {
    const lease = this.require(project, token);
    if (this.#reserved.has(project.project_id)) throw leaseLost(project, token, lease);
    if (change) {
      lease.ending = change;
      change.ending = lease;
    }
    return lease;
  }

  /**
   * Whether a project may be changed behind a trainer's back; asked from within the change.
   *
   * @param connection may change what it holds itself
   * @returns its lease, if there is one
   * @throws {RegistryError} `lease_held` when somebody else holds the project, or is taking it in the same batch
   */
  requireFree(project: Project, connection?: Connection): Lease | undefined {
    const lease = this.#leases.get(project.project_id);
    const held = lease !== undefined && (connection === undefined || lease.connection !== connection);
    if (held || this.#reserved.has(project.project_id)) throw leaseHeld(project, lease);
    return lease;
  }

  /** Keeps what a trainer reports, and its lease. */
  report(lease: Lease, progress: Progress, at: string): void {
    lease.live = { ...lease.live, ...defined(progress), updated_at: at };
    if (progress.progress !== undefined) {
      const at_s = Math.round(performance.now() - lease.startedAt) / 1000;
      lease.reported = { at_s, progress: progress.progress };
      lease.curve = sampled(lease.curve, lease.reported);
    }
    if (lease.connection) this.watch(lease);
  }

  /** Gives a lease to a connection; to nobody, null, it waits to be resumed as if its connection had ended. */
  give(lease: Lease, connection: Connection | null): void {
    lease.connection = connection?.ended ? null : connection;
    this.watch(lease);
  }

  /** The lease is over, in whatever way; if the project has another one by now, that goes on. */
  end(lease: Lease | null | undefined): void {
    if (lease && this.#leases.get(lease.projectId) === lease) this.#drop(lease.projectId);
  }

  /** The project is no more, nor whatever lease there was on it. */
  removed(project: Project): void {
    this.#remember(project);
    this.#drop(project.project_id);
  }

  /** The connection has ended: its leases wait to be resumed. */
  disconnect(connection: Connection): void {
    for (const lease of this.#leases.values()) if (lease.connection === connection) this.give(lease, null);
  }

  /** Takes up a lease that an earlier daemon wrote down. */
  adopt(project: Project): void {
    if (!isLeaseRecorded(project)) return;
    const { name, pid } = project.training?.holder ?? {};
    const lease = leaseOf(project, { name, pid });
    this.#leases.set(project.project_id, lease);
    this.watch(lease);
  }

  /** Waits anew for the trainer to vanish. */
  watch(lease: Lease): void {
    clearTimeout(lease.timer);
    const after = lease.connection === null ? RESUME_GRACE_MS : lease.stallMs;
    if (this.#closed || after === undefined || this.#leases.get(lease.projectId) !== lease) return;
    const why = lease.connection === null ? 'disconnected' : 'stalled';
    // Timers run on the monotonic clock: setting the time of day does not move them. And the file may say anything.
    lease.timer = setTimeout(() => this.#onLost(lease, why), Math.min(after, LONGEST_TIMER_MS));
  }

  /** Waits for nobody any more; recorded leases are for the next daemon. */
  close(): void {
    this.#closed = true;
    for (const { timer } of this.#leases.values()) clearTimeout(timer);
  }

  /** Keeps the token in mind: the file may come without it. */
  #remember({ project_id: id, training }: Project): void {
    if (training) this.raise(id, training.token);
  }

  #drop(projectId: string): void {
    clearTimeout(this.#leases.get(projectId)?.timer);
    if (this.#leases.delete(projectId)) this.#onFree();
  }
}

/** The lease that a record tells of, which nobody has yet. */
function leaseOf({ project_id: projectId, training }: Project, holder: Holder): Lease {
  const since = Date.now() - Date.parse(training?.started_at ?? '');
  return {
    projectId,
    token: training?.token ?? 0,
    holder,
    connection: null,
    stallMs: training?.stall_ms,
    slot: training?.slot,
    live: null,
    // One that an earlier daemon wrote down has gone on meanwhile; the clock may have been set since.
    startedAt: performance.now() - (since > 0 ? since : 0),
    curve: [],
    reported: null,
    profile: null,
    ending: null,
  };
}
