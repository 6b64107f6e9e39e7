/** What every handler is given, and what it gives back. */
import type { z } from 'zod';
import type { Logger } from '../../log.ts';
import type { Paths } from '../../paths.ts';
import type { MethodName, Methods, Result } from '../../protocol/methods.ts';
import type { RawJson } from '../../protocol/wire.ts';
import type { Lanes } from '../lane.ts';
import type { Store } from '../../store/store.ts';
import type { Trash } from '../trash/trash.ts';
import type { Turns } from '../../system/turns.ts';
import type { Feed } from '../feed/feed.ts';
import type { Outlet } from '../feed/subscription.ts';
import type { Places } from '../places/places.ts';
import type { Trainings } from '../training/trainings.ts';

/** Who calls: stands in the log beside what is done for them, where `pid` is the daemon's own number. */
export interface Peer {
  readonly connection: number;
  client?: string;
  client_pid?: number;
}

/** One call. */
export interface Context {
  readonly peer: Peer;
  readonly connection: Outlet & {
    /** Whether the peer will ask nothing more. */
    readonly ended: boolean;
  };
  /** Has something done once the answer is on its way. */
  afterAnswer(action: () => void): void;
  /** Says that this call waits from now on for something that may be long in coming; its parameters are short. */
  parks(): void;
  /** Puts a change that was made into the log, beside the method and the caller; `about` says what was changed. */
  changed(about: Readonly<Record<string, unknown>>): void;
}

/** What the daemon tells and does about itself. */
export interface DaemonControl {
  readonly epoch: string;
  readonly startedAt: string;
  status(): Omit<Result<'daemon.status'>, 'pid' | 'version' | 'memory_rss' | 'host' | 'home'>;
  shutdown(reason: string): void;
  failed(error: unknown): void;
}

export interface Services {
  readonly store: Store;
  readonly lanes: Lanes;
  readonly trash: Trash;
  readonly paths: Paths;
  readonly trainings: Trainings;
  readonly feed: Feed;
  /** Which projects paths mean. */
  readonly places: Places;
  readonly turns: Turns;
  readonly daemon: DaemonControl;
  readonly log: Logger;
}

/** What is added to the parameters of `projects.move`. */
export interface PreparedMove {
  /** Where paths lead, or led before what was there was moved. */
  readonly former?: ReadonlyMap<string, string>;
}

export type Given<M extends MethodName> = z.output<Methods[M]['params']>;
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
