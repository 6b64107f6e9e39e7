/** What a client offers to a program, with what is said of it. */
import type { ProjectAdder } from './codebase/project-adder.ts';
import type { NotificationListener } from './link.ts';
import type { MethodName, Result } from '../src/protocol/methods.ts';
import type { TrainingRunner } from './training/training-runner.ts';
import type { CallArguments, Families, Family } from './verbs.ts';
import type { WatchEvent, Watching, WatchOptions } from './watch.ts';

/**
 * A client of the registry. Made by {@link connect}.
 *
 * A connection that is lost is made anew by the next call. Calls that were waiting are rejected, except those that
 * only read and those that had not been sent: they are made once more. Calls that a daemon refuses because it is
 * shutting down were not carried out: they are made again when it has ended.
 *
 * A client that waits for nothing lets the process end, closed or not.
 *
 * In a test a plain object stands in for it: a function that takes `{ projects: Pick<Client['projects'], 'get'> }` takes
 * both.
 */
export interface Client extends Families, Watching, AsyncDisposable {
  readonly projects: Family<'projects'> & ProjectAdder;
  readonly training: Family<'training'> & TrainingRunner;

  /** What the daemon said when the connection was made; another epoch says that the daemon was restarted. */
  readonly hello: Result<'daemon.hello'>;

  /**
   * Calls any method by its name.
   *
   * What a trainer reports (`training.progress`, `training.complete`, `training.fail`) is made fit: fractions and texts
   * are cut to what the registry takes; what JSON or the registry cannot carry is left out, which `onWarning` is told,
   * and the rest counts. Any other call with a value that JSON cannot carry, such as NaN, is refused before it is sent.
   * As git tells them, `repository` is added to `projects.register` and `source` to `training.begin`, unless they are given,
   * `repository` null for none, or the daemon is on another machine.
   *
   * Before `training.complete` the output of the lease is synced to the disk, and `base_model` is read from the
   * `adapter_config.json` in it, unless it is given or the daemon is on another machine. That it completed and there is no
   * adapter is told as what was left out is.
   *
   * @param method as `projects.get`
   * @param params what it takes; may be left out where all of it may
   * @param options how long to wait for this call, and whom to tell
   * @throws {OutputError} where the disk refuses what was trained: the lease is still held, and the training to be failed
   * @throws {RegistryError} what the registry has against it
   * @throws {RpcError} faults of the protocol; refused parameters, with their paths, are in its `issues`
   * @throws {ConnectionError} when the daemon cannot be reached, or the answer does not come
   * @throws the reason of `options.signal` when that is aborted
   */
  call<M extends MethodName>(method: M, ...args: CallArguments<M>): Promise<Result<M>>;

  /** Whether there is a connection now; the next call makes one where there is none. */
  readonly connected: boolean;

  watch(options?: WatchOptions): AsyncGenerator<WatchEvent, void, void>;

  /**
   * Hears every notification of the daemon, until the function that is returned is called. While somebody listens,
   * the connection keeps the process alive. Notifications belong to a connection: after a loss, subscribe again.
   *
   * @param listener is given the method and the params of each
   */
  onNotification(listener: NotificationListener): () => void;

  /**
   * Tells when a connection is lost, until the function that is returned is called.
   *
   * @param listener is told nothing but that
   */
  onLost(listener: () => void): () => void;

  /** Ends the connection for good. Calls that still wait are rejected with `closed`. */
  close(): Promise<void>;
}
