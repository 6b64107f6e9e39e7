/** The catalogue: every method of the protocol, declared once. */
import type { z } from 'zod';
import type { Method } from './method.ts';
import { daemonMethods } from './methods/daemon.ts';
import { historyMethods } from './methods/history.ts';
import { projectMethods } from './methods/projects.ts';
import { registryMethods } from './methods/registry.ts';
import { trainingMethods } from './methods/training.ts';

export const methods = {
  ...daemonMethods,
  ...registryMethods,
  ...projectMethods,
  ...trainingMethods,
  ...historyMethods,
};

export type Methods = typeof methods;
export type MethodName = keyof Methods;
/** What a caller gives. */
export type Params<M extends MethodName> = z.input<Methods[M]['params']>;
/** The same as a handler is given it, when it was checked. */
export type Given<M extends MethodName> = z.output<Methods[M]['params']>;
/** What a caller gets. */
export type Result<M extends MethodName> = z.output<Methods[M]['result']>;
/** Methods that can be called again after a lost connection without doing anything twice. */
export type ReadMethod = { [M in MethodName]: Methods[M]['kind'] extends 'read' ? M : never }[MethodName];

/** The declaration of a method; undefined for a name that is not one, also for `toString` and its like. */
export function findMethod(name: string): Method | undefined {
  return Object.hasOwn(methods, name) ? (methods as Record<string, Method>)[name] : undefined;
}
