/** What `registry.training.run` takes and gives. */
import type { Params, Result } from '../../src/protocol/methods.ts';

/** How far training is; each part stays what it was where it is left out. */
export interface TrainingReport {
  /** How much of it is done, from 0 to 1. */
  readonly progress?: number | undefined;
  /** What is being done, at most 100 characters; a new one is written down. */
  readonly phase?: string | undefined;
  /** For people, at most 1,000 characters. */
  readonly message?: string | undefined;
  /** Any JSON object, at most 4 KiB serialised. */
  readonly details?: object | undefined;
}

/** What comes of a training, all of it optional: the properties of what the work returns that the registry takes. */
export interface TrainingResult {
  /** Merged into that of the project key by key; null deletes a key. At most 16 KiB serialised. */
  readonly metadata?: object | undefined;
  /** Files in the codebase. */
  readonly file_count?: number | undefined;
  /** The model that the adapter adapts; default as `adapter_config.json` in the output says. */
  readonly base_model?: string | undefined;
  /** Of a file or a directory; default the one in the output. A relative path starts from the working directory. */
  readonly lora_adapter_path?: string | undefined;
  /** The same for the vectors. */
  readonly vector_store_path?: string | undefined;
  /** The same for the context. */
  readonly context_path?: string | undefined;
  /** What was trained from; default what git said as the training began. */
  readonly source?:
    | {
        /** Id of the commit, at least seven hexadecimal digits of it. */
        readonly commit: string;
        /** Whether there was more than that commit has. */
        readonly dirty: boolean;
      }
    | undefined;
}

/** What a piece of work may return: what came of it, or something that only the caller has a use for. */
export type WorkValue =
  TrainingResult | string | number | bigint | boolean | symbol | null | undefined | void;

/** The right to train a project, as the work has it. */
export interface TrainingLease {
  /** As it was when the lease was taken. */
  readonly project: Result<'projects.get'>;
  /**
   * Greater than any before it of this project, and not consecutive, as it follows the milliseconds since 1970: a store
   * behind a trainer can refuse an older one.
   */
  readonly token: number;
  /** The slot that the lease has; undefined where none was asked for. */
  readonly slot: string | undefined;
  /**
   * Where to write: what is there comes into service when the training completes, and nothing before. An adapter may be
   * saved straight into `directory`.
   */
  readonly output: Result<'training.begin'>['output'];
  /**
   * Aborted when the work is to stop: by a {@link CancelledError} when somebody asks for that, by a `RegistryError`
   * (`lease_lost`, `project_not_found`) as soon as the lease is known to be somebody else's or nobody's, by a
   * `ConnectionError` (`closed`) when the client is closed, or by the reason of `options.signal`.
   */
  readonly signal: AbortSignal;
  /**
   * Tells how far training is, and keeps the lease from stalling, also without anything to tell. Returns at once, and never
   * throws: reports that follow each other within a tenth of a second are put together, and one that cannot be sent now is
   * overtaken by the next. What is too much is cut; what JSON or the registry cannot carry, such as NaN, is left out, which
   * `onWarning` is told, and the rest counts. After the training nothing is reported.
   */
  report(report?: TrainingReport): void;
}

/** How a training is run. */
export interface RunOptions {
  /**
   * Stops waiting for a slot; then has the work stop, through the signal of its lease. The project is given back as it
   * was, and the reason is what the call rejects with.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Told, in place of the client's, what was left out of a report or a result, what the registry misses in a training that
   * has completed, and why the end of a training could not be told.
   */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** What stands beside the methods of the protocol in `registry.training`. */
export interface TrainingRunner {
  /**
   * Takes the lease on a project, does the work, and ends the lease: the training completes with what the work returns, or
   * fails with what it throws. Resolves to what the work returned, and never before the work has ended.
   *
   * The lease is kept through lost connections and restarts of the daemon, also while the work is silent. An end that the
   * registry cannot take, as its disk is full or a daemon starts anew, is tried for two minutes. The process stays alive
   * until then; signals such as that of Ctrl-C are the caller's, who has `options.signal`.
   *
   * Once cancelled the training never completes, whatever the work returns: the project gets back to what it was, as it does
   * when `options.signal` is aborted, also while the disk takes what was trained. Work that throws the reason, as `fetch` does
   * that is given the signal, need not do anything else. After `close()` of the client nobody can be told: the lease is lost
   * ten seconds later, and the training has failed. So await this call before the client is closed, also by `await using`.
   *
   * @param params as of `training.begin`: the project; `slot` and `wait_ms` (milliseconds, at most a minute) for one; after
   *   `stall_ms` milliseconds without a report the lease is lost; `force` takes it from whoever has it
   * @param work what is to be done under the lease, and never begun where that is not to be had
   * @param options until when, and whom to tell
   * @throws {RegistryError} before the work `lease_held` (`data.holder` says by whom), `slot_taken`, `project_not_found` and
   *   what else `training.begin` has against it; later `lease_lost` when the project was taken over or the work was silent
   *   for too long, `project_not_found` when it was removed, `storage_failed` and `registry_read_only` where the end could not
   *   be written
   * @throws {CancelledError} when somebody has asked to stop
   * @throws {OutputError} where the disk refuses what was trained; the training has failed, as it has after anything else
   *   that keeps it from being completed
   * @throws {ConnectionError} when the daemon cannot be reached
   * @throws {TypeError} before the lease is taken, where `work` is no function
   * @throws what the work threw, that very object, once the training is failed with its text
   * @throws the reason of `options.signal`
   *
   * @example
   * const { metadata } = await registry.training.run({ project: 'payments' }, async (lease) => {
   *   for (let epoch = 1; epoch <= 3; epoch += 1) {
   *     lease.signal.throwIfAborted();
   *     await train(lease.project.source_path, lease.output.directory);
   *     lease.report({ progress: epoch / 3, phase: 'training', message: `epoch ${epoch}` });
   *   }
   *   return { metadata: { loss: 0.21 } };
   * });
   */
  run<T extends WorkValue>(
    params: Params<'training.begin'>,
    work: (lease: TrainingLease) => T | PromiseLike<T>,
    options?: RunOptions,
  ): Promise<T>;
}
