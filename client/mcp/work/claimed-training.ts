/** One training that an agent has claimed: its lease, what becomes of that meanwhile, and its end. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { RegistryError } from '../../../src/domain/errors.ts';
import type { Outcome, Source } from '../../../src/domain/project.ts';
import type { Params, Result } from '../../../src/protocol/methods.ts';
import { type Client, footingOf } from '../../client.ts';
import { sourceAt } from '../../codebase/source.ts';
import { CancelledError, ConnectionError, isEnding } from '../../errors.ts';
import { type EndCall, type EndOptions, HeldLease, type Progress } from '../../training/held.ts';
import { isLost, removed } from '../../training/refusals.ts';
import { refusalText } from '../errors.ts';
import { handleOf } from './handle.ts';
import { refuseNoAdapter } from './named-adapter.ts';

/** How an agent ends a training, and what it says of it. */
export type Ending =
  | {
      readonly outcome: 'completed';
      readonly result: Omit<Params<'training.complete'>, 'project' | 'token'>;
    }
  | { readonly outcome: 'failed'; readonly error: string }
  | { readonly outcome: 'released' };

/** How it has ended. */
export interface Ended {
  /** Another one than was asked for where somebody had asked to stop. */
  readonly outcome: Outcome;
  /** As it then was. */
  readonly project: WireProject;
  /** What was left out of the result, and what it lacks. */
  readonly warnings: readonly string[];
}

/** For how long a registry that cannot write is asked again; a program waits a minute for what a tool says. Milliseconds. */
const PATIENCE_MS = 20_000;

/** How it was claimed. */
export interface Claim {
  /** Holds the lease. */
  readonly client: Client;
  /** Whether it is the one that had waited longest, and was not asked for by its name. */
  readonly isFromQueue: boolean;
  /** Has a daemon run where none does. */
  readonly wake: () => Promise<void>;
}

export class ClaimedTraining {
  readonly handle: string;
  readonly begun: Result<'training.begin'>;
  /** What it is made from, as far as git tells within three seconds. */
  readonly source: Promise<Source | null>;
  readonly #client: Client;
  readonly #isFromQueue: boolean;
  readonly #wake: () => Promise<void>;
  readonly #held: { readonly project: string; readonly token: number };
  readonly #lease: HeldLease;
  /** Aborted by why it is not to be completed. */
  readonly #stopped = new AbortController();
  #loss: RegistryError | undefined;
  #ending: { readonly asked: Ending['outcome']; readonly ended: Promise<Ended> } | undefined;
  #ended: Ended | undefined;

  constructor(begun: Result<'training.begin'>, { client, isFromQueue, wake }: Claim) {
    this.begun = begun;
    this.#held = { project: begun.project.project_id, token: begun.token };
    this.handle = handleOf(this.#held);
    this.#client = client;
    this.#isFromQueue = isFromQueue;
    this.#wake = wake;
    this.source = this.#sourceOf(begun.project);
    this.#lease = new HeldLease(client, begun, {
      cancelled: (reason) => this.#stopped.abort(new CancelledError(this.name, reason)),
      lost: (error) => this.#lose(error),
      // Reports are not made there, and whoever ends it is told what hinders that.
      refused: () => undefined,
      delayed: () => undefined,
    });
  }

  get name(): string {
    return this.begun.project.name;
  }

  /** Whether nothing is held any more. */
  get isOver(): boolean {
    return Boolean(this.#ended ?? this.#loss);
  }

  /**
   * Reports how far it is.
   *
   * @returns by whom it is to be stopped; undefined where it may go on
   * @throws {RegistryError} `lease_lost`, and `project_not_found` where it was removed
   */
  async report(progress: Progress, signal: AbortSignal): Promise<CancelledError | undefined> {
    if (this.#ended)
      throw new Error(
        `cannot report on the training of "${this.name}": it has ended as ${this.#ended.outcome}; claim_training begins another`,
      );
    const { project, token } = this.#held;
    const report = async (): Promise<WireProject> => {
      await this.#client.training.progress({ ...this.#held, ...progress }, { signal });
      return await this.#client.projects.get({ project }, { signal });
    };
    try {
      const { training } = await report().catch(async (error: unknown) => {
        if (!isEnding(error) && !isUnheard(error)) throw error;
        await this.#wake();
        // To tell the same twice changes nothing.
        return await report();
      });
      if (training?.token === token && training.cancel_requested)
        this.#stopped.abort(new CancelledError(this.name, training.cancel_reason));
    } catch (error) {
      throw this.#seen(error);
    }
    return this.#cancelled;
  }

  /**
   * Ends it. A registry that cannot write is asked again for twenty seconds; then what it said is thrown, and the training is
   * still to be ended. What was cancelled is not completed. Whoever ends it once more is answered the same.
   *
   * @throws {RegistryError} `lease_lost`, and `project_not_found` where it was removed
   * @throws {OutputError} where the disk refuses what was made; it is to be ended as failed then
   */
  async finish(ending: Ending): Promise<Ended> {
    const first = (this.#ending ??= { asked: ending.outcome, ended: this.#finish(ending) });
    try {
      const ended = await first.ended;
      if (first.asked === ending.outcome) return ended;
      throw new Error(
        `cannot end the training of "${this.name}" as ${ending.outcome}: it has ended as ${ended.outcome}`,
      );
    } finally {
      if (!this.isOver && this.#ending === first) this.#ending = undefined;
    }
  }

  /** The error, as an agent is told it that may try again: where the daemon cannot be reached nothing is lost. */
  retold(error: unknown): unknown {
    if (this.isOver || !(error instanceof ConnectionError)) return error;
    const why = error.sent ? 'the registry has not answered' : refusalText(error);
    return new Error(`${why}; the training of "${this.name}" is still yours: make the same call again`);
  }

  /** Gives it back, as whoever claimed it is gone; what is about to be written down is. */
  async giveUp(): Promise<void> {
    this.#stopped.abort(new Error('the session is over'));
    try {
      if (!this.isOver) await (this.#ending?.ended ?? this.#giveBack());
    } finally {
      this.#lease.abandon();
    }
  }

  get #cancelled(): CancelledError | undefined {
    const reason: unknown = this.#stopped.signal.reason;
    return reason instanceof CancelledError ? reason : undefined;
  }

  async #finish(ending: Ending): Promise<Ended> {
    const { signal } = this.#stopped;
    try {
      return await this.#endAs(ending);
    } catch (error) {
      if (signal.aborted && error === signal.reason) return await this.#giveBack();
      throw this.#seen(error);
    }
  }

  async #endAs(ending: Ending): Promise<Ended> {
    const { signal } = this.#stopped;
    if (ending.outcome === 'released')
      return await this.#end((client, held) => client.training.release(held), { signal });
    if (ending.outcome === 'failed') {
      const { error } = ending;
      const fail: EndCall = (client, held) => client.training.fail({ ...held, error });
      return await this.#end(fail, { status: 'failed' });
    }
    const warnings: string[] = [];
    let isLacking = false;
    const onWarning = (warning: string, code?: 'no_adapter'): void => {
      isLacking ||= code === 'no_adapter';
      warnings.push(warning);
    };
    const { secure, complete, isHere } = footingOf(this.#client);
    const { lora_adapter_path: named } = ending.result;
    if (named !== undefined && isHere()) await refuseNoAdapter(named, this.begun.project.source_path);
    const source = await this.source;
    const made = { ...this.#held, ...(source && { source }), ...ending.result };
    const secured = await secure(made, { onWarning, signal });
    const options = { status: 'completed', signal } as const;
    const ended = await this.#end(() => complete(secured, { onWarning }), options, warnings);
    if (named === undefined && !isLacking && !this.#hasMade(ended.project))
      onWarning('nothing new came into service: no adapter is in the output; what was in service stays');
    return ended;
  }

  /** Whether something that is in service is of its output. */
  #hasMade({ lora_adapter_path, vector_store_path, context_path }: WireProject): boolean {
    const { directory } = this.begun.output;
    return [lora_adapter_path, vector_store_path, context_path].some(
      (path) => path === directory || path?.startsWith(`${directory}/`),
    );
  }

  /**
   * The project is as it was. One that was cancelled must not be the next that is claimed: if it was claimed as the one that
   * had waited longest, it has failed instead.
   */
  async #giveBack(): Promise<Ended> {
    const cancelled = this.#isFromQueue ? this.#cancelled : undefined;
    return await this.#end((client, held) =>
      cancelled
        ? client.training.fail({ ...held, error: cancelled.reason ?? 'cancelled' })
        : client.training.release(held),
    );
  }

  async #end(call: EndCall, options: EndOptions = {}, warnings: readonly string[] = []): Promise<Ended> {
    const means = { patience: PATIENCE_MS, missing: this.#wake };
    const project = await this.#lease.end(call, { ...means, ...options });
    // A daemon of an earlier version does not tell how.
    const outcome = project.training?.outcome ?? 'released';
    return (this.#ended = { outcome, project, warnings });
  }

  /** Of one that was named it is told as the lease is taken; which one was waiting longest nobody knew before. */
  async #sourceOf({ training, source_path }: WireProject): Promise<Source | null> {
    if (training?.source) return training.source;
    return footingOf(this.#client).isHere() ? await sourceAt(source_path, process.env) : null;
  }

  /** The error, as whoever trains is told it. */
  #seen(error: unknown): unknown {
    if (!isLost(error)) return error;
    this.#lease.abandon();
    return this.#lose(error);
  }

  #lose(error: RegistryError): RegistryError {
    const message = `cannot go on training "${this.name}": the project was removed`;
    return (this.#loss ??= error.kind === 'project_not_found' ? removed(error, message) : error);
  }
}

/** Nobody listens. */
export function isUnheard(error: unknown): boolean {
  return error instanceof ConnectionError && error.reason === 'not_running';
}
