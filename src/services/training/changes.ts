/** The changes of the registry that begin a lease or end one. Until such a change is durable, nothing has changed. */
import { toWire } from '../../domain/encoding.ts';
import { RegistryError } from '../../domain/errors.ts';
import { findProject } from '../../domain/places/references.ts';
import type { Project } from '../../domain/project.ts';
import type { Draft } from '../../domain/draft.ts';
import { DISCONNECTED, STALLED } from '../../domain/training/record.ts';
import * as training from '../../domain/training/training.ts';
import { defined } from '../../domain/values/defined.ts';
import type { Logger } from '../../log.ts';
import type { Given } from '../../protocol/methods.ts';
import type { Store } from '../../store/store.ts';
import type { Context } from '../call.ts';
import { type Lease, type LeaseChange, type Leases, type Loss, RESUME_GRACE_MS } from './leases.ts';

/** On what terms a lease is begun; its slot is null where all that would do are taken. */
export type Terms = Omit<Given<'training.begin'>, 'project' | 'slot' | 'wait_ms'> & {
  readonly slot?: string | null | undefined;
};

/** What proves a lease, and its project. */
export interface Begun {
  readonly token: number;
  readonly project: Project;
}

export class LeaseChanges {
  readonly #store: Store;
  readonly #leases: Leases;
  readonly #log: Logger;

  constructor(store: Store, leases: Leases, log: Logger) {
    this.#store = store;
    this.#leases = leases;
    this.#log = log;
  }

  /** Begins a lease on the project that `choose` finds; null when it finds none, or there is no slot. */
  async begin(
    { holder, force = false, slot, ...terms }: Terms,
    { peer, connection, changed }: Context,
    choose: (draft: Draft) => Project | null,
  ): Promise<Begun | null> {
    const who = { name: holder?.name ?? peer.client, pid: holder?.pid ?? peer.client_pid };
    let begun = null as (Begun & { readonly lease: Lease }) | null;
    try {
      await this.#make(
        (draft, now, change) => {
          const project = choose(draft);
          if (!project) return null;
          if (slot === null) {
            if (!force) this.#leases.requireFree(project);
            return null;
          }
          const token = this.#leases.reserve(change, project, force, now);
          return training.begin(draft, project, token, who, now, { ...terms, slot });
        },
        (project, change) => {
          if (!project) return;
          const lease = this.#leases.begin(change, project, connection, who);
          const { token } = lease;
          begun = { token, project, lease };
          // The same batch may have removed the project.
          if (!this.#store.registry.get(project.project_id)) this.#leases.end(lease);
          changed({ project: project.project_id, name: project.name, token, ...defined({ slot }) });
        },
      );
      return begun;
    } catch (error) {
      if (!begun) throw error;
      // The lease stands in the file, and whoever gets an error may not know: it ends as if they had vanished, unless
      // they take it up.
      this.#leases.give(begun.lease, null);
      throw error instanceof RegistryError ? leaseStands(error, begun) : error;
    }
  }

  /**
   * Ends the lease that a token stands for.
   *
   * @param end what becomes of the project, with what was reported last
   */
  end(
    reference: string,
    token: number,
    { changed }: Context,
    end: (draft: Draft, project: Project, live: training.Progress, now: string) => Project,
  ): Promise<Project> {
    return this.#make(
      (draft, now, change) => {
        const project = findProject(draft, reference);
        const { live } = this.#leases.requireWithin(project, token, change);
        return end(draft, project, live ?? {}, now);
      },
      ({ project_id, name }, change) => {
        this.#leases.end(change.ending);
        changed({ project: project_id, name, token });
      },
    );
  }

  /** Writes down that a trainer has vanished, unless it came back in the meantime. */
  async lose(lease: Lease, why: Loss): Promise<void> {
    const { projectId, token, holder } = lease;
    const [error, outcome] =
      why === 'stalled' ? ([STALLED, 'stalled'] as const) : ([DISCONNECTED, 'lost'] as const);
    try {
      await this.#make(
        (draft, now, change) => {
          const project = draft.get(projectId);
          const isCurrent = this.#leases.get(projectId) === lease;
          if (!project || !isCurrent || (why === 'disconnected' && lease.connection !== null)) return;
          this.#leases.requireWithin(project, token, change);
          training.fail(draft, project, lease.live ?? {}, error, now, outcome);
        },
        (_nothing, change) => {
          if (!change.ending) return;
          this.#leases.end(change.ending);
          this.#log.warn({ project: projectId, token, holder }, `a lease was lost: ${error}`);
        },
      );
    } catch (error_) {
      this.#log.error({ err: error_, project: projectId }, 'cannot write down that a lease was lost');
      this.#leases.watch(lease);
    }
  }

  /** Makes a durable change; what it has taken for itself meanwhile is given back in the end. */
  async #make<T>(
    operation: (draft: Draft, now: string, change: LeaseChange) => T,
    applied: (result: T, change: LeaseChange) => void,
  ): Promise<T> {
    const change: LeaseChange = { reserved: null, ending: null };
    try {
      return await this.#store.change(
        (draft, now) => {
          // A second try begins anew, and may find another project.
          this.#leases.settle(change);
          return operation(draft, now, change);
        },
        (result) => applied(result, change),
      );
    } finally {
      this.#leases.settle(change);
    }
  }
}

/** What a caller is told whose lease stands although nobody knows whether it would survive a power cut. */
function leaseStands({ kind, message, data }: RegistryError, { token, project }: Begun): RegistryError {
  const remedy = `take the lease up with training.resume within ${RESUME_GRACE_MS / 1000} s, or let it end`;
  const suggestions = [remedy, ...data.suggestions];
  return new RegistryError(kind, message, { ...data, token, project: toWire(project), suggestions });
}
