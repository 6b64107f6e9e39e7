/** A lease on a project, held through lost connections and restarts of the daemon until it is ended or lost. */
import type { Client } from '../client.ts';
import { ConnectionError } from '../errors.ts';
import type { WireProject } from '../../src/domain/encoding.ts';
import type { RegistryError } from '../../src/domain/errors.ts';
import type { Params, Result } from '../../src/protocol/methods.ts';
import { pause } from '../wire/deadline.ts';
import { isApplied, isLost, isPassing, reasonOf } from './refusals.ts';

/** How far training is, as `training.progress` takes it. */
export type Progress = Omit<Params<'training.progress'>, 'project' | 'token'>;

/** What whoever trains is told. */
export interface LeaseNews {
  /** Somebody asks to stop. */
  readonly cancelled: (reason: string | undefined) => void;
  /** The lease is somebody else's, or nobody's; whoever trains must stop. */
  readonly lost: (error: RegistryError) => void;
  /** A report was refused. */
  readonly refused: (why: string) => void;
  /** The end has been tried for a second or two, and is tried on; once. */
  readonly delayed: (error: unknown) => void;
  /** In how many seconds the training will be over; null where nobody can tell. Default nobody wants to know. */
  readonly foreseen?: (left: number | null) => void;
}

/** What proves a lease. */
type Held = Params<'training.resume'>;

/** The call that ends a lease: complete, fail or release. */
export type EndCall = (client: Client, held: Held) => Promise<Result<'training.complete'>>;

/** What an end is waited and looked for by. */
export interface EndOptions {
  /** What the project then is, to recognise a call whose answer was lost; default any. */
  readonly status?: WireProject['training_status'] | undefined;
  /** Called each time nobody listens. */
  readonly missing?: (() => Promise<void>) | undefined;
  /** For how long a registry that is not there or cannot write is asked again. Milliseconds; default two minutes. */
  readonly patience?: number | undefined;
  /**
   * Ends the attempts by throwing its reason, unless one of them may have ended the lease. Before each it is asked whether
   * somebody wants the training to stop, who is then told of by {@link LeaseNews.cancelled}.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Between two reports, in milliseconds: nobody sees more, however often a trainer speaks. */
const REPORT_EVERY_MS = 100;
/** Pauses between attempts to reach the daemon: the first, and the longest. Milliseconds. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** For how long an end is tried that the registry cannot write down. Milliseconds. */
const END_MS = 120_000;

export class HeldLease {
  readonly project: WireProject;
  readonly #held: Held;
  readonly #client: Client;
  readonly #news: LeaseNews;
  /** Nobody needs to be told of anything any more: the lease is being ended, or is lost. */
  readonly #ending = new AbortController();
  /** Nor needs the lease to be held. */
  readonly #over = new AbortController();
  readonly #unlisten: () => void;
  #resuming = false;
  #waiting: Progress | undefined;
  #reporting: Promise<void> | undefined;

  constructor(
    client: Client,
    { project, token }: Pick<Result<'training.begin'>, 'project' | 'token'>,
    news: LeaseNews,
  ) {
    this.project = project;
    this.#held = { project: project.project_id, token };
    this.#client = client;
    this.#news = news;
    this.#unlisten = client.onLost(() => void this.#resume());
    void this.#watch();
    // Lost already, between the answer and here.
    if (!client.connected) void this.#resume();
  }

  get token(): number {
    return this.#held.token;
  }

  /** Passes on what the trainer reports; what is overtaken by the next report is left out. */
  report(progress: Progress): void {
    this.#waiting = { ...this.#waiting, ...progress };
    this.#reporting ??= this.#reportAll().finally(() => {
      this.#reporting = undefined;
    });
  }

  /** Whoever trains has asked it to stop: everybody sees that, and its end is a cancelled one. */
  async cancel(reason: string): Promise<void> {
    await cancelHeld(this.#client, this.#held, reason);
  }

  /**
   * Ends the lease by a call, after the reports that wait. A registry that is not there or cannot write is tried again;
   * then what it said is thrown, and the lease is held until it is ended in another way or abandoned.
   *
   * @param call the call that ends it
   * @throws {RegistryError} `lease_lost` and what else is final
   */
  async end(call: EndCall, options: EndOptions = {}): ReturnType<EndCall> {
    this.#ending.abort();
    await this.#reporting;
    const ended = await this.#tryEnd(call, options);
    this.#stop();
    return ended;
  }

  /** Stops caring for the lease without ending it, for one that is lost. */
  abandon(): void {
    this.#waiting = undefined;
    this.#stop();
  }

  #stop(): void {
    this.#unlisten();
    this.#ending.abort();
    this.#over.abort();
  }

  async #tryEnd(
    call: EndCall,
    { status, missing, patience = END_MS, signal }: EndOptions,
  ): ReturnType<EndCall> {
    const limit = performance.now() + patience;
    let perhapsDone = false;
    let told = false;
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
      if (!perhapsDone) signal?.throwIfAborted();
      let isCalled = false;
      try {
        if (signal && !perhapsDone) await this.#hear(signal);
        isCalled = true;
        return await this.#endOnce(call, status, perhapsDone);
      } catch (error) {
        if (!isPassing(error) || performance.now() > limit) throw error;
        perhapsDone ||= isCalled && ((error instanceof ConnectionError && error.sent) || isApplied(error));
        // What is over in a moment, as a restart, is nobody's concern.
        if (wait === LONGEST_PAUSE_MS && !told) {
          told = true;
          this.#news.delayed(error);
        }
        if (error instanceof ConnectionError && error.reason === 'not_running') await missing?.();
      }
      await pause(wait, undefined);
    }
  }

  /** What was asked for a moment ago may not have been heard yet. */
  async #hear(signal: AbortSignal): Promise<void> {
    const { training } = await this.#client.projects.get({ project: this.#held.project }, { signal });
    if (training?.token === this.#held.token && training.cancel_requested)
      this.#news.cancelled(training.cancel_reason ?? undefined);
    signal.throwIfAborted();
  }

  /** @param perhapsDone an earlier attempt may have ended it, and its answer was lost */
  async #endOnce(call: EndCall, status: EndOptions['status'], perhapsDone: boolean): ReturnType<EndCall> {
    try {
      return await call(this.#client, this.#held);
    } catch (error) {
      if (!perhapsDone || !isLost(error)) throw error;
      const project = await this.#client.projects.get({ project: this.#held.project });
      const ended = project.training?.token === this.#held.token && project.training.holder === null;
      if (ended && (status === undefined || project.training_status === status)) return project;
      throw error;
    }
  }

  async #reportAll(): Promise<void> {
    while (this.#waiting && !this.#over.signal.aborted) {
      const progress = this.#waiting;
      this.#waiting = undefined;
      try {
        const onWarning = this.#news.refused;
        await this.#client.training.progress({ ...this.#held, ...progress }, { onWarning });
      } catch (error) {
        if (isLost(error)) return this.#lose(error);
        // The next report says it anew; what stands between is a lost connection, which is being seen to.
        if (!isPassing(error)) this.#news.refused(reasonOf(error));
      }
      await pause(REPORT_EVERY_MS, this.#ending.signal).catch(() => undefined);
    }
  }

  /** Takes the lease over to the next connection, as often as it takes. */
  async #resume(): Promise<void> {
    // Lost once more while it is being resumed: that attempt sees it.
    if (this.#resuming) return;
    const { signal } = this.#over;
    this.#resuming = true;
    for (let wait = FIRST_PAUSE_MS; !signal.aborted; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
      if (await this.#isHeld()) break;
      await pause(wait, signal).catch(() => undefined);
    }
    this.#resuming = false;
  }

  /** Whether the lease is ours now, on this connection; says so when it is lost. False where nobody can tell. */
  async #isHeld(): Promise<boolean> {
    try {
      await this.#client.training.resume(this.#held, { signal: this.#over.signal });
      return this.#client.connected;
    } catch (error) {
      if (!isLost(error)) return false;
      this.#lose(error);
      return true;
    }
  }

  #lose(error: RegistryError): void {
    // The call that ends it meets the same, and says so.
    if (this.#ending.signal.aborted) return;
    this.abandon();
    this.#news.lost(error);
  }

  /** Hears of requests to stop, and of whatever else happens to the project. */
  async #watch(): Promise<void> {
    const { signal } = this.#ending;
    const { foreseen } = this.#news;
    const wanted = { project: this.#held.project, ...(foreseen && { progress: true }) };
    while (!signal.aborted) {
      try {
        for await (const event of this.#client.watch({ ...wanted, signal })) {
          const project =
            'projects' in event ? event.projects[0] : 'project' in event ? event.project : undefined;
          if (project?.training_status === 'training' && project.training?.token === this.#held.token) {
            const { cancel_requested: asked, cancel_reason: reason, eta_s: left } = project.training;
            if (left !== undefined) foreseen?.(left);
            if (asked) this.#news.cancelled(typeof reason === 'string' ? reason : undefined);
          } else if (event.type !== 'shutdown' && event.type !== 'problem' && event.type !== 'recovered') {
            // It looks lost; only the daemon knows.
            await this.#isHeld();
          }
        }
      } catch (error) {
        if (signal.aborted) return;
        // Removed, or a daemon that cannot be reached: the former is a loss, the latter may pass.
        if (isLost(error)) return this.#lose(error);
        await pause(LONGEST_PAUSE_MS, signal).catch(() => undefined);
      }
    }
  }
}

/** Asks whoever holds a lease to stop, as long as it is this one. */
export async function cancelHeld(client: Client, { project, token }: Held, reason: string): Promise<void> {
  const { training } = await client.projects.get({ project });
  if (training?.token === token && training.holder !== null)
    await client.training.cancel({ project, reason });
}
