/** Trainings: who trains what, what is reported of it, how it ends, and who waits for that. */
import { etagOf, wireJson } from '../../domain/encoding.ts';
import { findProject } from '../../domain/places/references.ts';
import type { Project } from '../../domain/project.ts';
import { isLeaseRecorded } from '../../domain/training/record.ts';
import * as training from '../../domain/training/training.ts';
import { timestampOf } from '../../domain/values/time.ts';
import type { Logger } from '../../log.ts';
import { MAX_WAIT_MS } from '../../protocol/limits.ts';
import type { Given } from '../../protocol/methods.ts';
import { RawJson } from '../../protocol/wire.ts';
import type { Commit } from '../../store/state.ts';
import type { Store } from '../../store/store.ts';
import type { Turns } from '../../system/turns.ts';
import type { Feed } from '../feed/feed.ts';
import type { Context } from '../call.ts';
import type { Left } from '../outputs/left.ts';
import { Beginnings } from './beginnings.ts';
import { type Begun, LeaseChanges } from './changes.ts';
import { cannotWait } from './errors.ts';
import { etaUnder } from './eta-under.ts';
import { type Connection, type Lease, Leases } from './leases.ts';
import { Results } from './results.ts';
import { Takers } from './takers.ts';

export class Trainings {
  readonly left: Left;
  /** How a training completes, and what it made is taken back. */
  readonly results: Results;
  readonly takers: Takers;
  readonly #store: Store;
  readonly #feed: Feed;
  readonly #log: Logger;
  readonly #leases = new Leases(
    (lease, why) => void this.#changes.lose(lease, why),
    () => this.#changed(),
  );
  readonly #changes: LeaseChanges;
  readonly #beginnings: Beginnings;
  /** Those who wait for a project to be free; each looks for itself whether it is. */
  readonly #sleepers = new Set<() => void>();
  #isClosed = false;

  /** Takes up the leases that an earlier daemon wrote down. */
  constructor(store: Store, left: Left, feed: Feed, turns: Turns, log: Logger) {
    this.#store = store;
    this.left = left;
    this.#feed = feed;
    this.#log = log;
    this.#changes = new LeaseChanges(store, this.#leases, log);
    this.#beginnings = new Beginnings({
      store,
      leases: this.#leases,
      changes: this.#changes,
      outputs: left.outputs,
      history: left.history,
      begun: (project) => void this.#foresee(project),
      log,
    });
    this.results = new Results({ store, leases: this.#leases, changes: this.#changes, left });
    this.takers = new Takers({ store, leases: this.#leases, beginnings: this.#beginnings, turns, log });
    for (const project of store.registry.projects()) {
      this.#leases.adopt(project);
      void this.#foresee(project);
    }
  }

  /** Whether nobody holds a lease on a project, may still resume it, or is taking it in this very batch. */
  readonly isFree = (projectId: string): boolean => this.#leases.isFree(projectId);

  /** See {@link Leases.requireFree}. */
  requireFree(project: Project, connection?: Connection): Lease | undefined {
    return this.#leases.requireFree(project, connection);
  }

  /** The holder of a lease, if there is one, has ended it by another change. */
  end(lease: Lease | undefined): void {
    this.#leases.end(lease);
  }

  /**
   * The JSON of a project as it goes out. What its trainer has reported is only in memory: it is shown, and is no part of
   * the etag, as a report must not make anybody's `if_etag` fail.
   */
  json(project: Project): string {
    const lease = this.#leases.get(project.project_id);
    if (!lease || project.training?.token !== lease.token) return wireJson(project);
    const shown = {
      ...training.withProgress(project.training, lease.live),
      eta_s: etaUnder(lease, project.training),
    };
    return JSON.stringify({ ...project, training: shown, etag: etagOf(project) });
  }

  /** Keeps what a trainer reports; only a new phase is written down. */
  async report(params: Given<'training.progress'>, { changed }: Context): Promise<null> {
    const { project: reference, token, ...progress } = params;
    training.checkDetails(progress.details);
    const project = findProject(this.#store.registry, reference);
    const lease = this.#leases.require(project, token);
    const at = timestampOf(Date.now());
    this.#leases.report(lease, progress, at);
    const { project_id, name } = project;
    const { phase } = progress;
    // Compared with what is written down: a phase whose write failed is written with the next report.
    if (phase !== undefined && phase !== project.training?.phase) {
      await this.#store.change((draft, now) => {
        // The lease may have ended in the meantime, and the record be somebody else's.
        this.#leases.requireWithin(findProject(draft, project_id), token);
        return training.notePhase(draft, project_id, lease.live ?? {}, now);
      });
      changed({ project: project_id, name, phase, token });
    }
    this.#tellProgress(this.#store.registry.get(project_id) ?? project, at);
    return null;
  }

  async fail(params: Given<'training.fail'>, context: Context): Promise<Project> {
    const { project: reference, token, error, details } = params;
    training.checkDetails(details);
    return await this.#changes.end(reference, token, context, (draft, project, live, now) =>
      training.fail(draft, project, { ...live, ...(details ? { details } : {}) }, error, now),
    );
  }

  release({ project: reference, token }: Given<'training.release'>, context: Context): Promise<Project> {
    return this.#changes.end(reference, token, context, (draft, project, _live, now) =>
      training.release(draft, project, now),
    );
  }

  /** Asks whoever trains a project to stop; where nobody does, there is nothing to ask. */
  async cancel(params: Given<'training.cancel'>, { changed }: Context): Promise<Project> {
    const { project: reference, reason } = params;
    const project = await this.#store.change((draft, now) => {
      const found = findProject(draft, reference);
      // Also a lease that begins in the same batch is one, and one that ends there is none.
      const isHeld = isLeaseRecorded(found) && !this.isFree(found.project_id);
      return isHeld ? training.requestCancel(draft, found, reason, now) : found;
    });
    changed({ project: project.project_id, reason });
    return project;
  }

  /** Resolves with a project as soon as nobody trains it; with null when the time is up or nobody listens any more. */
  async wait(params: Given<'training.wait'>, { connection, parks }: Context): Promise<Project | null> {
    const { project_id } = findProject(this.#store.registry, params.project);
    parks();
    const deadline = performance.now() + (params.wait_ms ?? MAX_WAIT_MS);
    while (!this.isFree(project_id)) {
      const left = deadline - performance.now();
      if (left <= 0 || connection.closed) return null;
      if (this.#isClosed) throw cannotWait();
      await this.#untilChanged(left);
      if (connection.closed) return null;
    }
    // By its id; one that was removed meanwhile is an error.
    return findProject(this.#store.registry, project_id);
  }

  /** Takes a lease over to the caller's connection. */
  async resume(params: Given<'training.resume'>, { connection, peer }: Context): Promise<Begun> {
    const { project: reference, token } = params;
    const project = findProject(this.#store.registry, reference);
    this.#leases.give(this.#leases.require(project, token), connection);
    const { project_id } = project;
    this.#log.info({ method: 'training.resume', project: project_id, token, ...peer }, 'resumed a lease');
    await this.#beginnings.again({ token, project });
    return { token, project };
  }

  /**
   * A connection asks nothing more, and so reports nothing more: a trainer that was killed must not hold on to what it
   * has, nor be given more, for as long as one of its calls waits.
   */
  disconnect(connection: Connection): void {
    this.#leases.disconnect(connection);
    this.#changed();
  }

  /** The registry has changed, in whatever way. */
  committed(commit: Commit): void {
    for (const change of commit.changes) {
      if ('id' in change && change.before && !change.after) this.#leases.removed(change.before);
    }
    this.left.upkeep.committed(commit);
    this.#changed();
  }

  /** The daemon ends: whoever waits is told so, and recorded leases are for the next one. */
  close(): void {
    this.#isClosed = true;
    this.#leases.close();
    this.takers.close();
    this.left.upkeep.stop();
    this.#changed();
  }

  /** Reads how the last training of a project went, by which it is told how long this one will take. Nobody waits for it. */
  async #foresee(project: Project): Promise<void> {
    const { project_id: id } = project;
    const lease = this.#leases.get(id);
    if (!lease) return;
    try {
      lease.profile = await this.left.history.profile(project);
    } catch (error) {
      this.#log.warn({ err: error, project: id }, 'cannot tell how long a training will take');
    }
    const now = this.#store.registry.get(id);
    if (lease.profile && now && this.#leases.get(id) === lease)
      this.#tellProgress(now, timestampOf(Date.now()));
  }

  #tellProgress(project: Project, at: string): void {
    this.#feed.progress(project.project_id, new RawJson(this.json(project)), at);
  }

  /** Something has changed that may be what somebody waits for. */
  #changed(): void {
    this.takers.changed();
    for (const wake of this.#sleepers) wake();
  }

  /** Resolves when something has changed, or after so many milliseconds. */
  #untilChanged(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#sleepers.add(wake);
    });
  }
}
