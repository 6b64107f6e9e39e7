import type { Issue } from '../../domain/issues.ts';
import { countByStatus } from '../../domain/query.ts';
import { findProject } from '../../domain/places/references.ts';
import type { Result } from '../../protocol/methods.ts';
import { RawJson } from '../../protocol/wire.ts';
import { unreadableBackups } from '../../store/problem.ts';
import { inspect, repair, type Surroundings } from '../inspection.ts';
import { snapshotText } from '../feed/event-text.ts';
import { sharedRun } from '../shared-run.ts';
import type { Family, Services } from './types.ts';

export function registryHandlers(services: Services): Family<'registry'> {
  const { store, leases, feed } = services;
  const surroundings: Surroundings = { ...services, isTraining: (id) => !leases.isFree(id) };
  // Each asks the disk thousands of times or reads every backup: a thousand callers at once share the answer.
  const validate = sharedRun(() => inspect(store.registry, surroundings));
  const describeBackups = sharedRun(() =>
    store.backups.describe().catch((error: unknown) => {
      throw unreadableBackups(error);
    }),
  );
  return {
    'registry.info': { run: () => registryInfo(services) },
    'registry.validate': {
      async run({ projects, codes }, { connection }) {
        if (!projects && !codes) return { issues: await validate() };
        // One asker asks one thing at a time.
        const look = (): Promise<Issue[]> => inspect(store.registry, surroundings, { projects, codes });
        return { issues: await services.places.inTurn(connection, look) };
      },
    },
    'registry.repair': {
      async run({ codes }, { changed }) {
        const done = await repair(store, surroundings, codes);
        changed({ fixed: done.fixed.length, remaining: done.remaining.length });
        return done;
      },
    },
    'registry.reload': { run: async () => ({ changed: await store.look() }) },
    'registry.backups': { run: async () => ({ backups: await describeBackups() }) },
    'registry.restore': {
      async run({ name, projects }, { changed }) {
        await store.restore(name, projects);
        changed({ name, projects });
        return registryInfo(services);
      },
    },
    'registry.watch': {
      run({ cursor, project, progress }, { connection, afterAnswer }) {
        const projectId = project === undefined ? undefined : findProject(store.registry, project).project_id;
        const subscribed = feed.watch(connection, { cursor, projectId, progress });
        afterAnswer(() => feed.start(subscribed.subscription));
        if (cursor !== undefined) return subscribed;
        const { subscription, cursor: now } = subscribed;
        return new RawJson(
          `{"subscription":"${subscription}","cursor":"${now}",${snapshotText(store, projectId)}}`,
        );
      },
    },
    'registry.unwatch': {
      run({ subscription }, { connection }) {
        feed.unwatch(connection, subscription);
        return null;
      },
    },
  };
}

function registryInfo({ store, feed }: Services): Result<'registry.info'> {
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
    cursor: feed.cursor,
  };
}
