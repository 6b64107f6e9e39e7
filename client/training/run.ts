/** Work under a lease: told to stop when somebody asks for that or the lease is lost, and ended as the work has ended. */
import { resolve } from 'node:path';
import type { RegistryError } from '../../src/domain/errors.ts';
import { isJsonObject } from '../../src/domain/values/json.ts';
import type { Params, Result } from '../../src/protocol/methods.ts';
import type { Footing } from '../client.ts';
import { CancelledError } from '../errors.ts';
import { fit } from '../reported.ts';
import { onAbort } from '../wire/deadline.ts';
import { beginLease } from './begin.ts';
import { type EndCall, type EndOptions, HeldLease } from './held.ts';
import { isLost, isPassing, isUnwritten, reasonOf, removed, unfit } from './refusals.ts';
import type { RunOptions, TrainingLease, TrainingReport, WorkValue } from './training-runner.ts';

type Begun = Result<'training.begin'>;
/** What a training completes with. */
type Completion = Omit<Params<'training.complete'>, 'project' | 'token'>;

/** What is read of the value of the work. */
const RESULTS = ['metadata', 'file_count', 'base_model', 'source'] as const;
const PATHS = ['lora_adapter_path', 'vector_store_path', 'context_path'] as const;

/** For how long a registry that cannot take a training back now is asked anew, when somebody waits for that. Milliseconds. */
const GIVE_BACK_MS = 10_000;
/** Between two attempts that nobody waits for. Milliseconds. */
const LATER_MS = 10_000;

/** See {@link TrainingRunner.run}. */
export async function run<T extends WorkValue>(
  footing: Footing,
  params: Params<'training.begin'>,
  work: (lease: TrainingLease) => T | PromiseLike<T>,
  options: RunOptions = {},
): Promise<T> {
  requireUsable(work, options);
  const { client } = footing;
  // Params that are none are refused as they are by `training.begin`.
  const isWaiting = isJsonObject(params) && Boolean(params['wait_ms']);
  const asked = { signal: options.signal, isWaiting };
  const begun = await beginLease(client, () => client.training.begin(params), asked);
  const training = new Running(footing, begun, options);
  try {
    return await training.finish(work);
  } finally {
    training.leave();
  }
}

class Running {
  readonly #footing: Footing;
  readonly #begun: Begun;
  readonly #held: HeldLease;
  readonly #stopped = new AbortController();
  readonly #unlisten: readonly (() => void)[];
  readonly #tell: (message: string) => void;
  /** How the lease is to be given back once the work is stopped; undefined where it is not to be. */
  #giveBack: { readonly patience?: number } | undefined;

  constructor(footing: Footing, begun: Begun, { signal, onWarning }: RunOptions) {
    const { client, closed, tell } = footing;
    const { name } = begun.project;
    this.#footing = footing;
    this.#begun = begun;
    this.#tell = onWarning ?? ((message) => tell(`training of ${name}: ${message}`));
    this.#held = new HeldLease(client, begun, {
      cancelled: (reason) => this.#stop(new CancelledError(name, reason), {}),
      lost: (error) => this.#lose(error),
      refused: this.#tell,
      delayed: (error) =>
        this.#tell(`the end cannot be written yet, and is tried for two minutes: ${reasonOf(error)}`),
    });
    this.#unlisten = [
      whenAborted(closed, (reason) => this.#stop(reason, undefined)),
      whenAborted(signal, (reason) => this.#stop(reason, { patience: GIVE_BACK_MS })),
    ];
  }

  /**
   * Does the work, and ends the lease as that has ended.
   *
   * @throws why the work was to stop, what it has thrown, and why it cannot be told that it is complete
   */
  async finish<T>(work: (lease: TrainingLease) => T | PromiseLike<T>): Promise<T> {
    const { signal } = this.#stopped;
    let value: T;
    let result: Completion;
    try {
      value = await work(this.#lease());
      result = completionOf(value);
    } catch (error) {
      if (signal.aborted) return await this.#stopFor(error);
      await this.#fail(error);
      throw error;
    }
    await this.#complete(result);
    return value;
  }

  /** Listens to nobody any more. */
  leave(): void {
    for (const stop of this.#unlisten) stop();
    this.#held.abandon();
  }

  #lease(): TrainingLease {
    const { project, token, output, slot } = this.#begun;
    const { signal } = this.#stopped;
    return { project, token, slot, output, signal, report: (report) => this.#report(report) };
  }

  #report(report: TrainingReport = {}): void {
    if (!isJsonObject(report)) return this.#tell('a report is no object; it was left out');
    try {
      const { progress, phase, message, details, ...unknown } = report;
      for (const name of Object.keys(unknown)) this.#tell(`${name} is unknown; it was left out`);
      // At once: the caller may go on with the same object.
      this.#held.report(fit({ progress, phase, message, details }, this.#tell) as object);
    } catch (error) {
      // What a program reports may itself throw when it is looked at.
      this.#tell(`a report was left out: ${reasonOf(error)}`);
    }
  }

  /** Has the work stop; the first reason counts. */
  #stop(reason: unknown, giveBack: { readonly patience?: number } | undefined): void {
    if (this.#stopped.signal.aborted) return;
    this.#giveBack = giveBack;
    this.#stopped.abort(reason);
  }

  #lose(error: RegistryError): void {
    this.#stop(this.#lossOf(error), undefined);
    // Also what was to be given back.
    this.#giveBack = undefined;
  }

  #lossOf(error: RegistryError): RegistryError {
    const { name } = this.#begun.project;
    return error.kind === 'project_not_found'
      ? removed(error, `cannot finish the training of "${name}": the project was removed`)
      : error;
  }

  /** Gives the project back, whatever the work has ended with, and throws why it was to stop. */
  async #stopFor(thrown: unknown): Promise<never> {
    const { reason } = this.#stopped.signal as { reason: unknown };
    if (reason instanceof CancelledError && thrown !== undefined && thrown !== reason)
      reason.cause ??= thrown;
    if (this.#giveBack) await this.#endBadly((client, held) => client.training.release(held), this.#giveBack);
    throw reason;
  }

  /** @param error whatever it is; its text is told */
  async #fail(error: unknown, options: Pick<EndOptions, 'patience'> = {}): Promise<void> {
    const onWarning = this.#tell;
    const fail: EndCall = (client, held) =>
      client.training.fail({ ...held, error: error as string }, { onWarning });
    await this.#endBadly(fail, { ...options, status: 'failed' });
  }

  /** What the caller is thrown says more than that this could not be told. */
  async #endBadly(...[call, options]: Parameters<HeldLease['end']>): Promise<void> {
    try {
      await this.#held.end(call, options);
    } catch (error) {
      this.#tell(`its end could not be told: ${reasonOf(error)}`);
      if (isUnwritten(error)) this.#giveBackLater();
    }
  }

  /** Gives the lease back when the registry can write that down: it would be held for as long as this process lives. */
  #giveBackLater(): void {
    const { project, token } = this.#begun;
    const timer = setInterval(() => {
      this.#footing.client.training
        .release({ project: project.project_id, token })
        // Where it is refused otherwise it is held no more, and where nobody answers its connection is lost.
        .then(
          () => clearInterval(timer),
          (error: unknown) => void (isUnwritten(error) || clearInterval(timer)),
        );
    }, LATER_MS).unref();
  }

  /** @throws why it is not complete; where that is nobody's wish and no loss, it has failed then */
  async #complete(result: Completion): Promise<void> {
    const { signal } = this.#stopped;
    const { secure, complete, closed } = this.#footing;
    const options = { onWarning: this.#tell };
    const { project, token } = this.#begun;
    try {
      // While the lease is still watched: a disk may take minutes for what was trained.
      const secured = await secure({ project: project.project_id, token, ...result }, { ...options, signal });
      await this.#held.end(() => complete(secured, options), { status: 'completed', signal });
    } catch (error) {
      if (signal.aborted && error === signal.reason) return await this.#stopFor(undefined);
      if (isLost(error)) throw this.#lossOf(error);
      if (closed.aborted) throw error;
      // A lease that nobody ends is held by this process for as long as it lives.
      await this.#fail(unfit(error) ?? error, { patience: isPassing(error) ? GIVE_BACK_MS : undefined });
      throw error;
    }
  }
}

/** Before there is a lease: a program without types may give anything. */
function requireUsable(work: unknown, options: unknown): void {
  if (typeof work !== 'function') throw new TypeError('cannot run a training: the work is no function');
  if (!isJsonObject(options)) throw new TypeError('cannot run a training: the options are no object');
}

/** Tells the reason of a signal, also of one that is aborted already; returns how to leave it. */
function whenAborted(signal: AbortSignal | undefined, told: (reason: unknown) => void): () => void {
  if (!signal) return () => undefined;
  if (signal.aborted) told(signal.reason);
  return onAbort(signal, () => told(signal.reason));
}

/** What the work's value has of what a training completes with. */
function completionOf(value: unknown): Completion {
  if (!isJsonObject(value)) return {};
  const known: Record<string, unknown> = {};
  for (const name of RESULTS) known[name] = value[name];
  for (const name of PATHS) {
    const path = value[name];
    known[name] = typeof path === 'string' && path !== '' ? resolve(path) : path;
  }
  return known;
}
