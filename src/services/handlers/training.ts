import { toWire } from '../../domain/encoding.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Project } from '../../domain/project.ts';
import { findProject } from '../../domain/places/references.ts';
import type { Draft } from '../../domain/draft.ts';
import * as training from '../../domain/training/training.ts';
import { timestampOf } from '../../domain/values/time.ts';
import { MAX_WAIT_MS } from '../../protocol/limits.ts';
import type { Result } from '../../protocol/methods.ts';
import { RawJson } from '../../protocol/wire.ts';
import { Claims } from '../claims.ts';
import { type Lease, RESUME_GRACE_MS } from '../leases.ts';
import { projectJson } from '../presentation.ts';
import type { Context, Family, Given, Services } from './types.ts';

export function trainingHandlers(services: Services): Family<'training'> {
  const { store, leases, feed, bell, turns, daemon, log } = services;
  const present = (project: Project): RawJson<Result<'projects.get'>> =>
    new RawJson(projectJson(project, leases));

  const isFree = (id: string): boolean => leases.isFree(id);
  const claims = new Claims({
    waiting: () => training.allWaiting(store.registry, isFree),
    isDraining: () => daemon.draining,
    turns,
    failed: (error) => log.error({ err: error }, 'cannot hand out what waits for training'),
  });
  bell.onRing(() => claims.changed());

  /** Begins a lease on the project that `choose` finds in the draft; null when it finds none. */
  async function begin(
    { holder, stall_ms, force = false }: Pick<Given<'training.begin'>, 'holder' | 'stall_ms' | 'force'>,
    { peer, connection, changed }: Context,
    choose: (draft: Draft) => Project | null,
  ): Promise<RawJson<Result<'training.begin'>> | null> {
    const claim = {};
    const who: training.Holder = { name: holder?.name ?? peer.client, pid: holder?.pid ?? peer.client_pid };
    let begun: { lease: Lease; project: Project } | undefined;
    const begins = (project: Project | null): void => {
      if (!project) return;
      const lease = leases.begin(claim, project, connection, who);
      begun = { lease, project };
      // Whoever asked may be gone by now; the lease waits for them as it would have later.
      if (connection.ended) leases.disconnect(connection);
      // And the same batch may have removed the project.
      if (!store.registry.get(project.project_id)) leases.end(lease);
      const { project_id, name } = project;
      changed({ project: project_id, name, token: lease.token });
    };
    try {
      const project = await store.change((draft, now) => {
        // A second try begins anew, and may find another project.
        leases.unreserve(claim);
        const chosen = choose(draft);
        if (!chosen) return null;
        const token = leases.reserve(chosen, claim, force, now);
        return training.begin(draft, chosen, token, who, now, stall_ms);
      }, begins);
      if (!project) return null;
      return new RawJson(`{"token":${project.training?.token},"project":${projectJson(project, leases)}}`);
    } catch (error) {
      // The lease stands in the file, and whoever gets an error may not know: it ends as if they had vanished, unless
      // they take it up.
      if (begun) leases.orphan(begun.lease);
      throw begun && error instanceof RegistryError ? leaseStands(error, begun) : error;
    } finally {
      leases.unreserve(claim);
    }
  }

  /** Ends the lease that a token stands for by a durable change. */
  async function end(
    { project: reference, token }: { project: string; token: number },
    { changed }: Context,
    change: (draft: Draft, project: Project, lease: Lease, now: string) => Project,
  ): Promise<RawJson<Result<'projects.get'>>> {
    const ending = {};
    try {
      const { project } = await store.change(
        (draft, now) => {
          const found = findProject(draft, reference);
          const held = leases.requireWithin(found, token, ending);
          return { project: change(draft, found, held, now), lease: held };
        },
        ({ project: { project_id, name }, lease }) => {
          leases.end(lease);
          changed({ project: project_id, name, token });
        },
      );
      return present(project);
    } finally {
      leases.keep(ending);
    }
  }

  /** Asks again and again, whenever something has changed, until there is an answer, no need, or the time is up. */
  async function until<T>(
    ms: number,
    isNeeded: () => boolean,
    ask: () => Promise<T | null>,
  ): Promise<T | null> {
    const deadline = performance.now() + ms;
    for (;;) {
      const heard = bell.rings;
      const answer = await ask();
      const left = deadline - performance.now();
      if (answer !== null || left <= 0 || !isNeeded()) return answer;
      if (daemon.draining)
        throw new RegistryError('shutting_down', 'cannot wait: the daemon is shutting down; try again');
      await bell.wait(heard, left);
      if (!isNeeded()) return null;
    }
  }

  return {
    'training.begin': {
      async run(params, context) {
        const begun = await begin(params, context, (draft) => findProject(draft, params.project));
        // There is always a project to begin with, or an error.
        return begun as NonNullable<typeof begun>;
      },
    },
    'training.claim': {
      async run({ languages, tags, wait_ms = 0, ...params }, context) {
        const filter = { languages, tags };
        const attempt = (): ReturnType<typeof begin> =>
          begin(params, context, (draft) => training.nextWaiting(draft, filter, isFree));
        // Most of the time there is nothing, and the queue need not be bothered.
        const begun = training.nextWaiting(store.registry, filter, isFree) ? await attempt() : null;
        if (begun !== null || wait_ms === 0) return begun;
        // A peer that will ask nothing more could do nothing with a lease.
        const isNeeded = (): boolean => !context.connection.ended;
        context.parks();
        return await claims.wait({ filter, ms: wait_ms, isNeeded, attempt });
      },
    },
    'training.progress': {
      async run({ project: reference, token, ...progress }, { changed }) {
        training.checkDetails(progress.details);
        const project = findProject(store.registry, reference);
        const lease = leases.require(project, token);
        const at = timestampOf(Date.now());
        leases.report(lease, progress, at);
        const { project_id, name } = project;
        const { phase } = progress;
        // Compared with what is written down: a phase whose write failed is written with the next report.
        if (phase !== undefined && phase !== project.training?.phase) {
          await store.change((draft, now) => {
            // The lease may have ended in the meantime, and the record be somebody else's.
            leases.requireWithin(findProject(draft, project_id), token);
            return training.notePhase(draft, project_id, lease.live ?? {}, now);
          });
          changed({ project: project_id, name, phase, token });
        }
        feed.progress(project_id, present(store.registry.get(project_id) ?? project), at);
        return null;
      },
    },
    'training.complete': {
      run: ({ file_count, lora_adapter_path, metadata, ...params }, context) =>
        end(params, context, (draft, { project_id }, { live }, now) =>
          training.complete(draft, project_id, live ?? {}, { file_count, lora_adapter_path, metadata }, now),
        ),
    },
    'training.fail': {
      async run({ error, details, ...params }, context) {
        training.checkDetails(details);
        return await end(params, context, (draft, project, { live }, now) =>
          training.fail(draft, project, { ...live, ...(details ? { details } : {}) }, error, now),
        );
      },
    },
    'training.release': {
      run: (params, context) =>
        end(params, context, (draft, project, _lease, now) => training.release(draft, project, now)),
    },
    'training.cancel': {
      async run({ project: reference, reason }, { changed }) {
        const project = await store.change((draft, now) => {
          const found = findProject(draft, reference);
          // Also a lease that begins in the same batch is one, and one that ends there is none.
          const held = training.isLeaseRecorded(found) && !leases.isFree(found.project_id);
          return held ? training.requestCancel(draft, found, reason, now) : found;
        });
        changed({ project: project.project_id, reason });
        return present(project);
      },
    },
    'training.wait': {
      async run({ project: reference, wait_ms = MAX_WAIT_MS }, context) {
        const { project_id } = findProject(store.registry, reference);
        context.parks();
        return await until(
          wait_ms,
          () => !context.connection.closed,
          async () =>
            // By id from here on; one that was removed meanwhile is an error.
            leases.isFree(project_id) ? present(findProject(store.registry, project_id)) : null,
        );
      },
    },
    'training.resume': {
      run({ project: reference, token }, { connection, peer }) {
        const project = findProject(store.registry, reference);
        const lease = leases.require(project, token);
        leases.resume(lease, connection);
        if (connection.ended) leases.disconnect(connection);
        log.info(
          { method: 'training.resume', project: project.project_id, token, ...peer },
          'resumed a lease',
        );
        return new RawJson(`{"token":${token},"project":${projectJson(project, leases)}}`);
      },
    },
  };
}

/** What a caller is told whose lease stands although nobody knows whether it would survive a power cut. */
function leaseStands(
  { kind, message, data }: RegistryError,
  { lease, project }: { lease: Lease; project: Project },
): RegistryError {
  const remedy = `take the lease up with training.resume within ${RESUME_GRACE_MS / 1000} s, or let it end`;
  return new RegistryError(kind, message, {
    ...data,
    token: lease.token,
    project: toWire(project),
    suggestions: [remedy, ...data.suggestions],
  });
}
