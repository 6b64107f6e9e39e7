import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RegistryError } from '../../domain/errors.ts';
import { move } from '../../domain/places/moves.ts';
import * as operations from '../../domain/changes.ts';
import type { Project } from '../../domain/project.ts';
import { countByStatus, list } from '../../domain/query.ts';
import { findNamed, findProject } from '../../domain/places/references.ts';
import type { Found } from '../../domain/places/whereabouts.ts';
import { Draft } from '../../domain/registry.ts';
import type { MethodName, Result } from '../../protocol/methods.ts';
import { RawJson } from '../../protocol/wire.ts';
import { dataOutside } from '../trash/kept-data.ts';
import type { Operation } from '../../store/store.ts';
import type { Lease } from '../leases.ts';
import { projectJson } from '../presentation.ts';
import type { Context, Family, Given, PreparedMove, Services } from './types.ts';

export function projectHandlers(services: Services): Family<'projects'> {
  const { store, paths, lanes, trash, leases, places, log } = services;
  const present = (project: Project): string => projectJson(project, leases);
  const directoryOf = (id: string): string => join(paths.projectsDir, id);

  /** A change of one project, answered with the project as it is then. */
  async function changed(
    method: MethodName,
    { peer }: Context,
    operation: Operation<Project>,
    applied?: () => void,
  ): Promise<{ project: Project; answer: RawJson<Result<'projects.get'>> }> {
    const project = await store.change(operation, applied);
    log.info({ method, project: project.project_id, name: project.name, ...peer }, 'changed');
    return { project, answer: new RawJson(present(project)) };
  }

  /** Who did not name a project themselves should hear where the name comes from. */
  async function byEnvironment(
    env: string,
    find: (path: string) => Promise<Found | undefined>,
  ): Promise<ReturnType<typeof operations.resolve>> {
    try {
      const found = env.startsWith('/') ? await find(env) : undefined;
      const reference = found?.project.project_id ?? env;
      return operations.resolve(store.registry, { env: reference });
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      const message = `${error.message} (named by CODEBASE_GARDENER_PROJECT in the environment)`;
      throw new RegistryError(error.kind, message, error.data);
    }
  }

  function activeAnswer(active: Project | null): RawJson<Result<'projects.active'>> {
    return new RawJson(`{"active_project":${active ? present(active) : 'null'}}`);
  }

  return {
    async 'projects.register'(params, context) {
      const id = randomUUID();
      const input = { ...params, id, directory: directoryOf(id) };
      const { project, answer } = await changed('projects.register', context, (draft, now) =>
        operations.register(draft, { ...input, now }),
      );
      // An existing project has its directory.
      if (project.project_id === id) {
        const make = () => mkdir(directoryOf(id), { recursive: true, mode: 0o700 });
        await lanes.projects.ask(make).catch((error: unknown) => {
          // The project is registered; registry.validate reports the directory and a repair makes it.
          log.error({ err: error, project: id }, "cannot make the project's directory");
        });
      }
      return answer;
    },
    'projects.get': ({ project }) => new RawJson(present(findProject(store.registry, project))),
    'projects.list'(query) {
      const page = list(store.registry, query);
      const projects = page.projects.map(present).join(',');
      return new RawJson(`{"projects":[${projects}],"next_cursor":${JSON.stringify(page.next_cursor)}}`);
    },
    'projects.count': ({ status }) => (status ? countByStatus(store.registry)[status] : store.registry.size),
    async 'projects.update'({ project, if_etag, ...fields }, context) {
      const { answer } = await changed('projects.update', context, (draft, now) =>
        operations.update(draft, project, fields, now, if_etag),
      );
      return answer;
    },
    async 'projects.move'(params: Given<'projects.move'> & PreparedMove, { peer }) {
      const { project, from, to, dry_run: isTrial, former } = params;
      const leadsTo = (path: string): string => former?.get(path) ?? path;
      const { moved, others } = await store.change((draft, now) =>
        // What happens in a draft of its own is not written.
        move(isTrial ? new Draft(draft) : draft, { project, from }, to, now, leadsTo),
      );
      const ids = moved.map(({ project_id: id }) => id);
      if (!isTrial) log.info({ method: 'projects.move', projects: ids, to, ...peer }, 'changed');
      const also = others.length > 0 ? `,"others":[${others.map(present).join(',')}]` : '';
      return new RawJson(`{"projects":[${moved.map(present).join(',')}]${also}}`);
    },
    async 'projects.set_status'({ project: reference, status, error, if_etag }, context) {
      let lease: Lease | undefined;
      const { answer } = await changed(
        'projects.set_status',
        context,
        (draft, now) => {
          lease = leases.requireFree(findProject(draft, reference), context.connection);
          return operations.setStatus(draft, reference, status, now, { error, ifEtag: if_etag });
        },
        () => {
          // The holder itself has said how it ended.
          if (lease && status !== 'training') leases.end(lease);
        },
      );
      return answer;
    },
    async 'projects.remove'({ project: reference, keep_files, force, if_etag }, { peer }) {
      const removed = await store.change((draft) => {
        if (!force) leases.requireFree(findNamed(draft, reference));
        return { project: operations.remove(draft, reference, if_etag), active: draft.active };
      });
      const { project_id, name } = removed.project;
      log.info({ method: 'projects.remove', project: project_id, name, ...peer }, 'changed');
      const answer = { project_id, active_project: removed.active };
      if (keep_files) return answer;
      const [kept, left] = await Promise.all([
        dataOutside(removed.project, directoryOf(project_id), paths.projectsDir, lanes),
        trash.discard(project_id),
      ]);
      return { ...answer, ...(left && { left: [left] }), ...(kept.length > 0 && { kept }) };
    },
    async 'projects.touch'({ project }, context) {
      return (await changed('projects.touch', context, (draft, now) => operations.touch(draft, project, now)))
        .answer;
    },
    async 'projects.retrain'({ project, reason }, context) {
      const { answer } = await changed('projects.retrain', context, (draft, now) => {
        leases.requireFree(findProject(draft, project));
        return operations.retrain(draft, project, now, reason ?? null);
      });
      return answer;
    },
    async 'projects.activate'({ project }, { peer }) {
      const active = await store.change((draft, now) => operations.activate(draft, project, now));
      log.info({ method: 'projects.activate', project: active?.project_id ?? null, ...peer }, 'changed');
      return activeAnswer(active);
    },
    'projects.active': () => activeAnswer(operations.activeProject(store.registry)),
    async 'projects.resolve'({ project: named, env, cwd, to_change }, { connection }) {
      const find = (path: string): Promise<Found | undefined> =>
        to_change ? places.findToChange(path, connection) : places.find(path, connection);
      const isGiven = named !== undefined || Boolean(env);
      const around = !isGiven && cwd !== undefined ? await find(cwd) : undefined;
      const { project, resolved_by } =
        named === undefined && env
          ? await byEnvironment(env, find)
          : operations.resolve(store.registry, { project: named, around });
      return new RawJson(`{"project":${present(project)},"resolved_by":"${resolved_by}"}`);
    },
  };
}
