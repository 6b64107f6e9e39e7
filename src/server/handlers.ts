/** One row a method: what the daemon does for it. Whatever changes the registry goes through the store's queue. */
import type { MethodName } from '../protocol/methods.ts';
import { requireDirectory } from '../store/directories.ts';
import { daemonHandlers } from './handlers/daemon.ts';
import { projectHandlers } from './handlers/projects.ts';
import { registryHandlers } from './handlers/registry.ts';
import { trainingHandlers } from './handlers/training.ts';
import type { Answer, Context, Given, Handler, Services } from './handlers/types.ts';

export type HandlerTable = { readonly [M in MethodName]: Handler<M> };

export interface Handlers {
  /** What must be known before the change is queued; may wait for the disk. */
  prepare<M extends MethodName>(name: M, params: Given<M>): Promise<void> | null;
  run<M extends MethodName>(name: M, params: Given<M>, context: Context): Answer<M> | Promise<Answer<M>>;
}

export function createHandlers(services: Services): Handlers {
  const table: HandlerTable = {
    ...daemonHandlers(services),
    ...registryHandlers(services),
    ...projectHandlers(services),
    ...trainingHandlers(services),
  };
  return {
    prepare(name, params) {
      // The two methods that name a codebase; a path that is no directory is refused before anything is queued.
      if (name !== 'projects.register' && name !== 'projects.update') return null;
      const { source_path } = params as { source_path?: string };
      return source_path === undefined ? null : requireDirectory(source_path);
    },
    run(name, params, context) {
      return table[name](params, context);
    },
  };
}
