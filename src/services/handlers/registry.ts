import { join } from 'node:path';
import { importFrom } from '../../domain/contents.ts';
import { InvalidParamsError } from '../../domain/errors.ts';
import { isRefusal } from '../../domain/values/refusal.ts';
import type { Issue } from '../../domain/issues.ts';
import { countByStatus } from '../../domain/query.ts';
import { findProject } from '../../domain/places/references.ts';
import type { Draft } from '../../domain/draft.ts';
import { hadAdapter } from '../../domain/training/history.ts';
import { timestampOf } from '../../domain/values/time.ts';
import { MAX_IMPORT_BYTES } from '../../protocol/limits.ts';
import type { Given, Result } from '../../protocol/methods.ts';
import { RawJson } from '../../protocol/wire.ts';
import { openContent } from '../../store/format/decode.ts';
import { readRegularFile } from '../../store/regular-file.ts';
import { unreadableBackups } from '../../store/problem.ts';
import { errorCode, systemReason } from '../../system/errors.ts';
import { makeOwnDirectory } from '../directories.ts';
import { inspect, type Surroundings } from '../inspection.ts';
import { repair } from '../repair.ts';
import { snapshotText } from '../feed/event-text.ts';
import { type Lanes, NoAnswerError } from '../lane.ts';
import { sharedRun } from '../shared-run.ts';
import type { Services } from '../services.ts';
import type { Family } from './types.ts';

export function registryHandlers(services: Services): Family<'registry'> {
  const { store, trainings, feed, undo } = services;
  const surroundings: Surroundings = {
    ...services,
    isTraining: (id) => !trainings.isFree(id),
    async hadAdapter(project) {
      const history = await trainings.left.history.of(project).catch((error: unknown) => {
        // What is not known is left to a person.
        if (isRefusal(error, 'storage_failed')) return [];
        throw error;
      });
      return hadAdapter(project, history);
    },
  };
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
      async run({ name, projects, dry_run: isTrial }, { changed }) {
        const effect = await store.restore(name, projects, isTrial);
        if (!isTrial) changed({ name, projects });
        return { ...registryInfo(services), effect };
      },
    },
    'registry.import': {
      async run(params, { changed, connection }) {
        // Of one asker, one content at a time is held.
        const found = await services.places.inTurn(connection, async () => {
          const bytes = await bytesOf(params, services.lanes);
          const param = params.file === undefined ? 'content' : 'file';
          // Before it is queued: others need not wait for that, and a change may be made again.
          const content = openContent(bytes, param, timestampOf(Date.now()));
          const take = (draft: Draft) => importFrom(draft, content, surroundings.isTraining);
          const isSource = async (name: string): Promise<boolean> =>
            (await store.backups.read(name))?.equals(bytes) ?? false;
          return await store.change(take, undefined, params.dry_run, { operation: 'import', isSource });
        });
        const ids = params.dry_run ? [] : found.new.map(({ project_id: id }) => id);
        if (ids.length > 0) changed({ imported: ids.length });
        for (const id of ids) await makeOwnDirectory(join(services.paths.projectsDir, id), services);
        return { ...found, imported: ids.length };
      },
    },
    'registry.undo': {
      async run({ dry_run: isTrial, id, without_directories: isWithout }, { changed }) {
        const undone = await undo.last(isTrial, { id, isWithout });
        if (undone && !isTrial) changed({ operation: undone.operation, of: undone.at });
        return { undone };
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
          `{"subscription":"${subscription}","cursor":"${now}",${snapshotText(store, projectId, (one) => trainings.json(one))}}`,
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

/** What was given as text, or as a file, on whichever disk that is. */
async function bytesOf({ content, file }: Given<'registry.import'>, { foreign }: Lanes): Promise<Buffer> {
  const refuse = (path: string, message: string) => new InvalidParamsError([{ path, message }]);
  if ((content === undefined) === (file === undefined)) throw refuse('', 'takes either content or file');
  if (file === undefined) return Buffer.from(content ?? '');
  const isImportable = ({ size }: { readonly size: bigint }): boolean => {
    if (size > MAX_IMPORT_BYTES)
      throw refuse('file', `has ${size} bytes, and ${MAX_IMPORT_BYTES} are allowed`);
    return true;
  };
  const read = await foreign
    .ask(() => readRegularFile(file, 'refuse', isImportable))
    .catch((error: unknown) => {
      if (errorCode(error) === undefined && !(error instanceof NoAnswerError)) throw error;
      throw refuse('file', systemReason(error));
    });
  if (read === null) throw refuse('file', 'there is no such file');
  return read.bytes;
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
