/** One row a method: what the daemon does for it. Whatever changes the registry goes through the store's queue. */
import { type MethodName, methods } from '../../protocol/methods.ts';
import { byId } from './by-id.ts';
import { daemonHandlers } from './daemon.ts';
import { projectHandlers } from './projects.ts';
import { registryHandlers } from './registry.ts';
import { trainingHandlers } from './training.ts';
import type { Services } from '../services.ts';
import type { Handler } from './types.ts';

export type Handlers = { readonly [M in MethodName]: Required<Handler<M>> };

export function createHandlers(services: Services): Handlers {
  const { places } = services;
  const rows: { readonly [M in MethodName]: Handler<M> } = {
    ...daemonHandlers(services),
    ...registryHandlers(services),
    ...projectHandlers(services),
    ...trainingHandlers(services),
  };
  const complete = <M extends MethodName>(name: M): Required<Handler<M>> => ({
    prepare: (params: { project?: string | null; to_change?: boolean }, { connection }) =>
      byId(params, (path) =>
        methods[name].kind === 'read' && !params.to_change
          ? places.find(path, connection)
          : places.findToChange(path, connection),
      ),
    ...rows[name],
  });
  return Object.fromEntries(
    (Object.keys(methods) as MethodName[]).map((name) => [name, complete(name)]),
  ) as Handlers;
}
