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
import { type EndCall, HeldLease } from './held.ts';
import { isLost, reasonOf, removed, unfit } from './refusals.ts';
import type { RunOptions, TrainingLease, TrainingReport, WorkValue } from './run.ts';

type Begun = Result<'training.begin'>;
/** What a training completes with. */
type Completion = Omit<Params<'training.complete'>, 'project' | 'token'>;

/** What is read of the value of the work. */
const RESULTS = ['metadata', 'file_count', 'base_model', 'source'] as const;
const PATHS = ['lora_adapter_path', 'vector_store_path', 'context_path'] as const;

/** For how long whoever has aborted a training waits for a registry that cannot take it back now. Milliseconds. */
const GIVE_BACK_MS = 10_000;

/** See {@link TrainingRunner.run}. */
export async function run<T extends WorkValue>(
  footing: Footing,
  params: Params<'training.begin'>,
  work: (lease: TrainingLease) => T | PromiseLike<T>,
  options: RunOptions = {},
): Promise<T> {
  const { client } = footing;
  const asked = { signal: options.signal, isWaiting: Boolean(params.wait_ms) };
  const begun = await beginLease(client, () => client.training.begin(params), asked);
  const training = new Running(footing, begun, options);
  try {
    return await training.finish(work);
  } finally {
    training.leave();
  }
}

class Running {
  readonly #begun: Begun;
  readonly #held: HeldLease;
  readonly #stopped = new AbortController();
  readonly #unlisten: readonly (() => void)[];
  readonly #tell: (message: string) => void;
  /** How the lease is to be given back once the work is stopped; undefined where it is not to be. */
  #giveBack: { readonly patience?: number } | undefined;

  constructor({ client, closed, tell }: Footing, begun: Begun, { signal, onWarning }: RunOptions) {
    const { name } = begun.project;
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

  #report({ progress, phase, message, details, ...unknown }: TrainingReport = {}): void {
    for (const name of Object.keys(unknown)) this.#tell(`${name} is unknown; it was left out`);
    try {
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
  async #fail(error: unknown): Promise<void> {
    const onWarning = this.#tell;
    const fail: EndCall = (client, held) =>
      client.training.fail({ ...held, error: error as string }, { onWarning });
    await this.#endBadly(fail, { status: 'failed' });
  }

  /** What the caller is thrown says more than that this could not be told. */
  async #endBadly(...[call, options]: Parameters<HeldLease['end']>): Promise<void> {
    try {
      await this.#held.end(call, options);
    } catch (error) {
      this.#tell(`its end could not be told: ${reasonOf(error)}`);
    }
  }

  /** @throws why it is not complete; where the output is to blame, it has failed then */
  async #complete(result: Completion): Promise<void> {
    const { signal } = this.#stopped;
    const onWarning = this.#tell;
    const complete: EndCall = async (client, held) => {
      // What was asked for a moment ago may not have been heard yet.
      const { training, name } = await client.projects.get({ project: held.project });
      if (training?.token === held.token && training.cancel_requested)
        this.#stop(new CancelledError(name, training.cancel_reason), {});
      signal.throwIfAborted();
      return await client.training.complete({ ...held, ...result }, { onWarning });
    };
    try {
      await this.#held.end(complete, { status: 'completed', signal });
    } catch (error) {
      if (signal.aborted && error === signal.reason) return await this.#stopFor(undefined);
      const why = unfit(error);
      if (why !== undefined) await this.#fail(why);
      throw isLost(error) ? this.#lossOf(error) : error;
    }
  }
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
