import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { RegistryError } from '../../domain/errors.ts';
import { move } from '../../domain/places/moves.ts';
import * as operations from '../../domain/changes.ts';
import { activeProject, previousProject, resolveProject } from '../../domain/places/resolve.ts';
import * as trainingStatus from '../../domain/training/status.ts';
import type { Project } from '../../domain/project.ts';
import { countByStatus, list } from '../../domain/query.ts';
import { findNamed, findProject } from '../../domain/places/references.ts';
import type { Found } from '../../domain/places/whereabouts.ts';
import { removedBy } from '../../domain/undo/take-back.ts';
import type { Given, Result } from '../../protocol/methods.ts';
import { RawJson } from '../../protocol/wire.ts';
import { dataOutside } from '../trash/kept-data.ts';
import type { Operation } from '../../store/queue.ts';
import { makeOwnDirectory, requireDirectory } from '../directories.ts';
import { noteMoved } from '../note-moved.ts';
import { byId } from './by-id.ts';
import type { Context } from '../call.ts';
import type { Services } from '../services.ts';
import type { Family, Run } from './types.ts';

/** What is added to the parameters of `projects.move`. */
interface PreparedMove {
  /** Where paths lead, or led before what was there was moved. */
  readonly former?: ReadonlyMap<string, string>;
}

export function projectHandlers(services: Services): Family<'projects'> {
  const { store, paths, lanes, trash, trainings, places } = services;
  const present = (project: Project): string => trainings.json(project);
  const directoryOf = (id: string): string => join(paths.projectsDir, id);

  const requireCodebase = (path: string, { connection }: Context): Promise<void> =>
    places.inTurn(connection, () => requireDirectory(path, lanes.foreign));

  /** Makes a change of one project, which is answered as it is then. */
  async function change(
    { changed }: Context,
    operation: Operation<Project>,
    applied?: () => void,
  ): Promise<RawJson<Result<'projects.get'>>> {
    const project = await store.change(operation, applied);
    changed({ project: project.project_id, name: project.name });
    return new RawJson(present(project));
  }

  const presentOrNull = (project: Project | null): string => (project ? present(project) : 'null');

  const register: Run<'projects.register'> = async (params, context) => {
    const id = randomUUID();
    const directory = directoryOf(id);
    let isNew = false;
    const answer = await change(context, (draft, now) => {
      const project = operations.register(draft, { ...params, id, directory, now });
      // An existing project has its directory.
      isNew = project.project_id === id;
      return project;
    });
    if (isNew) await makeOwnDirectory(directory, services);
    return answer;
  };

  const moveProjects: Run<'projects.move'> = async (params, { changed }) => {
    const { project, from, to, dry_run: isTrial, former }: typeof params & PreparedMove = params;
    const leadsTo = (path: string): string => former?.get(path) ?? path;
    const { moved, others } = await store.change(
      (draft, now) => move(draft, { project, from }, to, now, leadsTo),
      undefined,
      isTrial,
    );
    if (!isTrial) changed({ projects: moved.map(({ project_id: id }) => id), to });
    const also = others.length > 0 ? `,"others":[${others.map(present).join(',')}]` : '';
    return new RawJson(`{"projects":[${moved.map(present).join(',')}]${also}}`);
  };

  const setStatus: Run<'projects.set_status'> = async (params, context) => {
    const { project: reference, status, error, if_etag: ifEtag } = params;
    let lease: ReturnType<typeof trainings.requireFree>;
    return await change(
      context,
      (draft, now) => {
        lease = trainings.requireFree(findProject(draft, reference), context.connection);
        return trainingStatus.setStatus(draft, reference, status, now, { error, ifEtag });
      },
      () => {
        // The holder itself has said how it ended.
        if (status !== 'training') trainings.end(lease);
      },
    );
  };

  const remove: Run<'projects.remove'> = async (params, { changed }) => {
    const { project: reference, keep_files, force, if_etag } = params;
    let entry: string | undefined;
    const removed = await store.change(
      (draft) => {
        if (!force) trainings.requireFree(findNamed(draft, reference));
        return { project: operations.remove(draft, reference, if_etag), active: draft.active };
      },
      undefined,
      false,
      {
        operation: 'remove',
        directories: (done) => (keep_files ? [] : removedBy(done).map(({ project_id: id }) => id)),
        noted: (name) => (entry = name),
      },
    );
    const { project_id, name } = removed.project;
    changed({ project: project_id, name });
    const answer = { project_id, active_project: removed.active };
    if (keep_files) return answer;
    const [kept, discarded] = await Promise.all([
      dataOutside(removed.project, directoryOf(project_id), paths.projectsDir, lanes),
      trash.discard(project_id),
    ]);
    await noteMoved(services, entry, [discarded]);
    const { left } = discarded;
    return { ...answer, ...(left && { left: [left] }), ...(kept.length > 0 && { kept }) };
  };

  const resolve: Run<'projects.resolve'> = async (params, { connection }) => {
    const { project: named, env, cwd, to_change } = params;
    const find = (path: string): Promise<Found | undefined> =>
      to_change ? places.findToChange(path, connection) : places.find(path, connection);
    const isGiven = named !== undefined || Boolean(env);
    const around = !isGiven && cwd !== undefined ? await find(cwd) : undefined;
    const { project, resolved_by } =
      named === undefined && env
        ? await byEnvironment(env, find)
        : resolveProject(store.registry, { project: named, around });
    return new RawJson(`{"project":${present(project)},"resolved_by":"${resolved_by}"}`);
  };

  /** Who did not name a project themselves should hear where the name comes from. */
  async function byEnvironment(
    env: string,
    find: (path: string) => Promise<Found | undefined>,
  ): Promise<ReturnType<typeof resolveProject>> {
    try {
      const found = env.startsWith('/') ? await find(env) : undefined;
      const reference = found?.project.project_id ?? env;
      return resolveProject(store.registry, { env: reference });
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      const message = `${error.message} (named by CODEBASE_GARDENER_PROJECT in the environment)`;
      throw new RegistryError(error.kind, message, error.data);
    }
  }

  return {
    'projects.register': {
      prepare: ({ source_path }, context) => requireCodebase(source_path, context).then(() => null),
      run: register,
    },
    'projects.get': { run: ({ project }) => new RawJson(present(findProject(store.registry, project))) },
    'projects.list': {
      run(query) {
        const page = list(store.registry, query);
        const projects = page.projects.map(present).join(',');
        return new RawJson(`{"projects":[${projects}],"next_cursor":${JSON.stringify(page.next_cursor)}}`);
      },
    },
    'projects.count': {
      run: ({ status }) => (status ? countByStatus(store.registry)[status] : store.registry.size),
    },
    'projects.update': {
      async prepare(params, context) {
        if (params.source_path !== undefined) await requireCodebase(params.source_path, context);
        return await byId(params, (path) => places.findToChange(path, context.connection));
      },
      run: ({ project, if_etag, ...fields }, context) =>
        change(context, (draft, now) => operations.update(draft, project, fields, now, if_etag)),
    },
    'projects.move': {
      async prepare(params, context): Promise<Given<'projects.move'> & PreparedMove> {
        const { from, to } = params;
        const { connection } = context;
        await requireCodebase(to, context);
        const named = await byId(params, (path) => places.findToChange(path, connection));
        const former = await places.former(from === undefined ? [to] : [from, to], connection);
        return { ...(named ?? params), former };
      },
      run: moveProjects,
    },
    'projects.set_status': { run: setStatus },
    'projects.remove': {
      prepare: (params, { connection }) => byId(params, (path) => places.findAt(path, connection)),
      run: remove,
    },
    'projects.touch': {
      run: ({ project }, context) => change(context, (draft, now) => operations.touch(draft, project, now)),
    },
    'projects.retrain': {
      run: ({ project, reason }, context) =>
        change(context, (draft, now) => {
          trainings.requireFree(findProject(draft, project));
          return trainingStatus.retrain(draft, project, now, reason);
        }),
    },
    'projects.activate': {
      async run({ project }, { changed }) {
        const active = await store.change((draft, now) => operations.activate(draft, project, now));
        changed({ project: active?.project_id ?? null });
        return new RawJson(`{"active_project":${presentOrNull(active)}}`);
      },
    },
    'projects.active': {
      run() {
        const active = presentOrNull(activeProject(store.registry));
        const previous = presentOrNull(previousProject(store.registry));
        return new RawJson(`{"active_project":${active},"previous_project":${previous}}`);
      },
    },
    'projects.resolve': { run: resolve },
  };
}
