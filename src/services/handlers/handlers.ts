/** One row a method: what the daemon does for it. Whatever changes the registry goes through the store's queue. */
import { type MethodName, methods } from '../../protocol/methods.ts';
import { requireDirectory } from '../directories.ts';
import { daemonHandlers } from './daemon.ts';
import { projectHandlers } from './projects.ts';
import { registryHandlers } from './registry.ts';
import { trainingHandlers } from './training.ts';
import type { Answer, Context, Given, Handler, PreparedMove, Services } from './types.ts';

export type HandlerTable = { readonly [M in MethodName]: Handler<M> };

export interface Handlers {
  /**
   * Finds out what the disk knows before anything is queued: refuses a codebase that is not there, puts the id of the
   * project in the place of a path in it, and adds to a move where paths lead. Null where nothing has to be asked.
   */
  prepare<M extends MethodName>(name: M, params: Given<M>, context: Context): Promise<Given<M>> | null;
  run<M extends MethodName>(name: M, params: Given<M>, context: Context): Answer<M> | Promise<Answer<M>>;
}

export function createHandlers(services: Services): Handlers {
  const { lanes, places } = services;
  const table: HandlerTable = {
    ...daemonHandlers(services),
    ...registryHandlers(services),
    ...projectHandlers(services),
    ...trainingHandlers(services),
  };
  /** The project that a path means to a method; undefined where it means none. */
  const find = (
    path: string,
    name: MethodName,
    isToChange: boolean,
    asker: object,
  ): ReturnType<typeof places.find> =>
    name === 'projects.remove'
      ? places.findAt(path, asker)
      : methods[name].kind === 'read' && !isToChange
        ? places.find(path, asker)
        : places.findToChange(path, asker);
  return {
    prepare(name, params, { connection }) {
      const { project, to_change, source_path, from, to } = params as {
        project?: string | null;
        to_change?: boolean;
        source_path?: string;
        from?: string;
        to?: string;
      };
      // The methods that name a codebase; in a query it is only compared.
      const names = name === 'projects.register' || name === 'projects.update';
      const codebase = name === 'projects.move' ? to : names ? source_path : undefined;
      const path = project?.startsWith('/') ? project : undefined;
      if (codebase === undefined && path === undefined) return null;
      return (async () => {
        if (codebase !== undefined)
          await places.inTurn(connection, () => requireDirectory(codebase, lanes.foreign));
        const found = path === undefined ? undefined : await find(path, name, to_change === true, connection);
        const named = {
          ...params,
          ...(path !== undefined && { project: found?.project.project_id ?? path }),
        };
        if (name !== 'projects.move') return named;
        const given = [from, to].flatMap((place) => (place === undefined ? [] : [place]));
        const prepared: PreparedMove = { former: await places.former(given, connection) };
        return { ...named, ...prepared };
      })();
    },
    run(name, params, context) {
      return table[name](params, context);
    },
  };
}
