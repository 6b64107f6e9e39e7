/** What a handler is, and what it gives back. */
import type { Given, MethodName, Result } from '../../protocol/methods.ts';
import type { RawJson } from '../../protocol/wire.ts';
import type { Context } from '../call.ts';

export type Answer<M extends MethodName> = Result<M> | RawJson<Result<M>>;

/** What the daemon does for a method. */
export interface Handler<M extends MethodName> {
  /**
   * Asks the disk what has to be known before a change is queued, so that no disk holds up the queue. Gives the
   * parameters to run with, or null for those that were given. Default: the id of a project in the place of a path.
   */
  prepare?(params: Given<M>, context: Context): Promise<Given<M> | null> | null;
  run(params: Given<M>, context: Context): Answer<M> | Promise<Answer<M>>;
}

export type Run<M extends MethodName> = Handler<M>['run'];

/** The handlers of a family: a declared method without one does not compile. */
export type Family<F extends string> = { readonly [M in MethodName & `${F}.${string}`]: Handler<M> };
