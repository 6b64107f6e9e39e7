import type { Issue } from '../../domain/issues.ts';
import { countByStatus } from '../../domain/query.ts';
import { findProject } from '../../domain/places/references.ts';
import type { Result } from '../../protocol/methods.ts';
import { RawJson } from '../../protocol/wire.ts';
import { unreadableBackups } from '../../store/problem.ts';
import { inspect, repair, type Surroundings } from '../inspection.ts';
import { snapshotJson } from '../events.ts';
import { sharedRun } from '../shared-run.ts';
import type { Family, Services } from './types.ts';

export function registryHandlers(services: Services): Family<'registry'> {
  const { store, leases, events, log } = services;
  const surroundings: Surroundings = { ...services, isTraining: (id) => !leases.isFree(id) };
  // Each asks the disk thousands of times or reads every backup: a thousand callers at once share the answer.
  const validate = sharedRun(() => inspect(store.registry, surroundings));
  const describeBackups = sharedRun(() =>
    store.backups.describe().catch((error: unknown) => {
      throw unreadableBackups(error);
    }),
  );
  return {
    'registry.info': () => registryInfo(services),
    async 'registry.validate'({ projects, codes }, { connection }) {
      if (!projects && !codes) return { issues: await validate() };
      // One asker asks one thing at a time.
      const look = (): Promise<Issue[]> => inspect(store.registry, surroundings, { projects, codes });
      return { issues: await services.places.inTurn(connection, look) };
    },
    async 'registry.repair'({ codes }, { peer }) {
      const done = await repair(store, surroundings, codes);
      log.info(
        { method: 'registry.repair', fixed: done.fixed.length, remaining: done.remaining.length, ...peer },
        'changed',
      );
      return done;
    },
    'registry.reload': async () => ({ changed: await store.look() }),
    'registry.backups': async () => ({ backups: await describeBackups() }),
    async 'registry.restore'({ name, projects }, { peer }) {
      await store.restore(name, projects);
      log.info({ method: 'registry.restore', name, projects, ...peer }, 'changed');
      return registryInfo(services);
    },
    'registry.watch'({ cursor, project, progress }, { connection, afterAnswer }) {
      const projectId = project === undefined ? undefined : findProject(store.registry, project).project_id;
      const subscribed = events.watch(connection, { cursor, projectId, progress });
      afterAnswer(() => events.start(subscribed.subscription));
      if (cursor !== undefined) return subscribed;
      const { subscription, cursor: now } = subscribed;
      return new RawJson(
        `{"subscription":"${subscription}","cursor":"${now}",${snapshotJson(store, projectId)}}`,
      );
    },
    'registry.unwatch'({ subscription }, { connection }) {
      events.unwatch(connection, subscription);
      return null;
    },
  };
}

function registryInfo({ store, events }: Services): Result<'registry.info'> {
  const { registry, problem } = store;
  return {
    version: registry.version,
    project_count: registry.size,
    counts: countByStatus(registry),
    active_project: registry.active,
    file: store.file,
    read_only: store.readOnly,
    problem: problem ? { ...problem } : null,
    loaded_at: store.loadedAt,
    cursor: events.cursor,
  };
}
