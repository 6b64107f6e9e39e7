/** One row a method: what the daemon does for it. Whatever changes the registry goes through the store's queue. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { wireJson } from '../domain/encoding.ts';
import { RegistryError } from '../domain/errors.ts';
import * as operations from '../domain/operations.ts';
import type { Project } from '../domain/project.ts';
import { countByStatus, list } from '../domain/query.ts';
import { findProject } from '../domain/references.ts';
import type { Logger } from '../log.ts';
import type { Paths } from '../paths.ts';
import { type MethodName, type Methods, methods, type Result } from '../protocol/methods.ts';
import { openRpcDocument } from '../protocol/openrpc.ts';
import { PROTOCOL_VERSION } from '../protocol/version.ts';
import { RawJson } from '../protocol/wire.ts';
import { removeProjectDirectory, requireDirectory } from '../store/directories.ts';
import { inspect, repair } from '../store/inspection.ts';
import type { Store } from '../store/store.ts';
import { VERSION } from '../version.ts';
import type { z } from 'zod';

/** Who calls; a handler may note what it learns about them. */
export interface Context {
  /** Goes into the log beside every request. */
  peer: { connection: number; client?: string; pid?: number };
}

/** What the daemon tells and does about itself. */
export interface DaemonControl {
  readonly epoch: string;
  readonly startedAt: string;
  status(): Omit<Result<'daemon.status'>, 'pid' | 'version' | 'memory_rss'>;
  shutdown(reason: string): void;
}

type Given<M extends MethodName> = z.output<Methods[M]['params']>;
type Answer<M extends MethodName> = Result<M> | RawJson<Result<M>>;
type Handler<M extends MethodName> = (params: Given<M>, context: Context) => Answer<M> | Promise<Answer<M>>;
type HandlerTable = { readonly [M in MethodName]: Handler<M> };

export interface Handlers {
  /** What must be known before the change is queued; may wait for the disk. */
  prepare<M extends MethodName>(name: M, params: Given<M>): Promise<void> | undefined;
  run<M extends MethodName>(name: M, params: Given<M>, context: Context): Answer<M> | Promise<Answer<M>>;
}

export function createHandlers(store: Store, paths: Paths, daemon: DaemonControl, log: Logger): Handlers {
  const table = handlerTable(store, paths, daemon, log);
  return {
    async prepare(name, params) {
      // The two methods that name a codebase; a path that is no directory is refused before anything is queued.
      if (name !== 'projects.register' && name !== 'projects.update') return;
      const { source_path } = params as { source_path?: string };
      if (source_path !== undefined) await requireDirectory(source_path);
    },
    run(name, params, context) {
      return table[name](params, context);
    },
  };
}

function handlerTable(store: Store, paths: Paths, daemon: DaemonControl, log: Logger): HandlerTable {
  const directoryOf = (id: string): string => join(paths.projectsDir, id);

  /** A change of one project, answered with the project as it is then. */
  async function changed(
    method: MethodName,
    context: Context,
    operation: (...args: Parameters<Parameters<Store['change']>[0]>) => Project,
  ): Promise<RawJson<Result<'projects.get'>>> {
    const project = await store.change(operation);
    log.info({ method, project: project.project_id, name: project.name, ...context.peer }, 'changed');
    return new RawJson(wireJson(project));
  }

  return {
    'daemon.hello'({ client, protocol = { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION } }, context) {
      if (protocol.min > PROTOCOL_VERSION || protocol.max < PROTOCOL_VERSION) {
        throw new RegistryError(
          'incompatible_protocol',
          `cannot speak protocol ${protocol.min} to ${protocol.max}: this daemon (${VERSION}) speaks ${PROTOCOL_VERSION}; upgrade the older of the two`,
          { protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION }, version: VERSION },
        );
      }
      if (client?.name) context.peer.client = `${client.name}${client.version ? `/${client.version}` : ''}`;
      if (client?.pid) context.peer.pid = client.pid;
      return {
        protocol: PROTOCOL_VERSION,
        version: VERSION,
        pid: process.pid,
        epoch: daemon.epoch,
        started_at: daemon.startedAt,
        capabilities: Object.keys(methods),
      };
    },
    'daemon.ping': () => 'pong',
    'daemon.status': () => ({
      pid: process.pid,
      version: VERSION,
      memory_rss: process.memoryUsage.rss(),
      ...daemon.status(),
    }),
    'daemon.shutdown'({ reason }, { peer }) {
      log.info({ reason, ...peer }, 'asked to shut down');
      daemon.shutdown(reason ?? 'daemon.shutdown');
      return null;
    },
    'rpc.discover': () => openRpcDocument(),

    'registry.info': () => registryInfo(store, daemon),
    'registry.validate': async () => ({ issues: await inspect(store.registry, paths) }),
    'registry.repair': ({ codes }) => repair(store, paths, codes),
    'registry.reload': async () => ({ changed: await store.look() }),

    async 'projects.register'(params, context) {
      const id = randomUUID();
      const input = { ...params, id, directory: directoryOf(id) };
      const answer = await changed('projects.register', context, (draft, now) =>
        operations.register(draft, { ...input, now }),
      );
      await mkdir(directoryOf(id), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
        // The project is registered; registry.validate reports the directory and a repair makes it.
        log.error({ err: error, project: id }, "cannot make the project's directory");
      });
      return answer;
    },
    'projects.get': ({ project }) => new RawJson(wireJson(findProject(store.registry, project))),
    'projects.list'(query) {
      const page = list(store.registry, query);
      const projects = page.projects.map(wireJson).join(',');
      return new RawJson(`{"projects":[${projects}],"next_cursor":${JSON.stringify(page.next_cursor)}}`);
    },
    'projects.count': ({ status }) => (status ? countByStatus(store.registry)[status] : store.registry.size),
    'projects.update': ({ project, if_etag, ...fields }, context) =>
      changed('projects.update', context, (draft, now) =>
        operations.update(draft, project, fields, now, if_etag),
      ),
    'projects.set_status': ({ project, status, error, if_etag }, context) =>
      changed('projects.set_status', context, (draft, now) =>
        operations.setStatus(draft, project, status, now, { error, ifEtag: if_etag }),
      ),
    async 'projects.remove'({ project, keep_files, if_etag }, { peer }) {
      const removed = await store.change((draft) => ({
        project: operations.remove(draft, project, if_etag),
        active: draft.active,
      }));
      const { project_id, name } = removed.project;
      log.info({ method: 'projects.remove', project: project_id, name, ...peer }, 'changed');
      if (!keep_files) await removeProjectDirectory(paths.projectsDir, project_id, log);
      return { project_id, active_project: removed.active };
    },
    'projects.touch': ({ project }, context) =>
      changed('projects.touch', context, (draft, now) => operations.touch(draft, project, now)),
    'projects.retrain': ({ project, reason }, context) =>
      changed('projects.retrain', context, (draft, now) =>
        operations.retrain(draft, project, now, reason ?? null),
      ),
    async 'projects.activate'({ project }, { peer }) {
      const active = await store.change((draft, now) => operations.activate(draft, project, now));
      log.info({ method: 'projects.activate', project: active?.project_id ?? null, ...peer }, 'changed');
      return activeAnswer(active);
    },
    'projects.active': () => activeAnswer(operations.activeProject(store.registry)),
    'projects.resolve'(given) {
      const { project, resolved_by } = operations.resolve(store.registry, given);
      return new RawJson(`{"project":${wireJson(project)},"resolved_by":"${resolved_by}"}`);
    },
  };
}

function registryInfo(store: Store, daemon: DaemonControl): Result<'registry.info'> {
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
    cursor: `${daemon.epoch}:${store.sequence}`,
  };
}

function activeAnswer(project: Project | null): RawJson<Result<'projects.active'>> {
  return new RawJson(`{"active_project":${project ? wireJson(project) : 'null'}}`);
}
