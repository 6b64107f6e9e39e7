/** Getting a daemon: from the service manager where a service is installed, otherwise by starting one. */
import type { Paths } from '../../src/paths.ts';
import type { InstalledService } from '../service/installed.ts';
import { ConnectionError, systemWords } from '../errors.ts';
import { commandFor } from '../place-flags.ts';
import { askService, findService, serviceTrouble } from '../service/ask.ts';
import type { Release } from '../service/version.ts';
import { type Command, findDaemon, releaseOf } from './program.ts';
import { keepYoung, startDaemon, startLog } from './spawn.ts';
import type { Leaving, StartedDaemon, Waiter } from './started-daemon.ts';

/** How often the service manager is asked why a daemon does not come, in milliseconds. */
const TROUBLE_EVERY_MS = 500;

/** What one attempt to connect has done to get a daemon. */
export class Starter {
  readonly #paths: Paths;
  readonly #command: Command | undefined;
  readonly #warn: (message: string) => void;
  /** Undefined once it turned out to be of no use. */
  #service: InstalledService | undefined;
  #askedAt: number | undefined;
  #daemon: StartedDaemon | undefined;
  readonly #waiter: Waiter;

  constructor(paths: Paths, command: Command | undefined, waiter: Waiter, warn: (message: string) => void) {
    this.#paths = paths;
    this.#waiter = waiter;
    this.#command = command;
    this.#warn = warn;
    this.#service = findService(paths);
  }

  /** A service manager takes the connections, before there is a daemon too. */
  get listens(): boolean {
    return this.#service?.onDemand ?? false;
  }

  /** A service manager would start the daemon. */
  get serviced(): boolean {
    return this.#service !== undefined;
  }

  /** Of what would be started; without a version where that is not known, or nothing can be started. */
  get release(): Release {
    try {
      return releaseOf(this.#service?.command ?? findDaemon(this.#command));
    } catch {
      // Whoever has it started is told why that cannot be.
      return { version: undefined };
    }
  }

  /** Settled when the daemon that was started has ended; undefined when there is none to wait for. */
  get ended(): Promise<void> | undefined {
    return this.#daemon?.state === 'running' ? this.#daemon.ended : undefined;
  }

  /**
   * Called while nobody listens, any number of times: starts a daemon once, and another one when that gave way to a
   * third that may itself have ended.
   *
   * @throws {ConnectionError} `start_failed`
   */
  async start(): Promise<void> {
    if (await this.#askService()) return;
    const state = this.#daemon?.state;
    if (typeof state === 'object') throw startFailed(this.#paths, state.failure);
    if (state === 'running') keepYoung(this.#paths);
    else await this.#spawn();
  }

  /**
   * Called before an older daemon is asked to drain: other clients that find nobody listening wait for the start that
   * follows, instead of making one of their own.
   */
  reserve(): void {
    if (!this.#service) keepYoung(this.#paths);
  }

  /**
   * Called when an older daemon has begun to drain. A successor that is there before any client has noticed takes its
   * place; otherwise older clients might start an older one again.
   */
  async succeed(): Promise<void> {
    if (!this.#service) await this.#spawn(true);
  }

  /** Called when a daemon answers. */
  succeeded(): void {
    this.#daemon?.succeeded();
  }

  /**
   * Called when nobody waits any more and nobody answers: what was started is not left behind, unless it is to come up
   * yet.
   *
   * @returns what becomes of it; see {@link StartedDaemon.leave}
   */
  leave(why: Leaving): ReturnType<StartedDaemon['leave']> {
    return this.#daemon?.leave(this.#waiter, why);
  }

  /**
   * What an attempt to connect failed with, or the reason behind it: where a service manager listens and cannot start
   * the daemon, connections are taken and never answered.
   */
  async explain(error: unknown): Promise<unknown> {
    if (!this.#service?.onDemand || !(error instanceof ConnectionError) || error.reason !== 'hung')
      return error;
    const trouble = await serviceTrouble(this.#service);
    if (!trouble) return error;
    const message = `cannot start the daemon: ${trouble.message}; try: ${commandFor(trouble.remedy, this.#paths)}`;
    return new ConnectionError('start_failed', message, { cause: error });
  }

  /** False when there is no service, or none that works. */
  async #askService(): Promise<boolean> {
    const service = this.#service;
    if (!service) return false;
    const now = performance.now();
    if (this.#askedAt !== undefined && now - this.#askedAt < TROUBLE_EVERY_MS) return true;
    const trouble = await (this.#askedAt === undefined ? askService(service) : serviceTrouble(service));
    this.#askedAt = performance.now();
    if (!trouble) return true;
    this.#service = undefined;
    this.#warn(
      `the registry's daemon is started without its service: ${trouble.message}; try: ${commandFor(trouble.remedy, this.#paths)}`,
    );
    return false;
  }

  async #spawn(reserved = false): Promise<void> {
    try {
      const daemon = await startDaemon(this.#paths, findDaemon(this.#command), reserved);
      daemon?.join(this.#waiter);
      this.#daemon = daemon ?? this.#daemon;
    } catch (cause) {
      const path = (cause as NodeJS.ErrnoException).path;
      const why = path === undefined ? (cause as Error).message : `${path}: ${systemWords(cause)}`;
      throw new ConnectionError('start_failed', `cannot start the daemon: ${why}`, { cause });
    }
  }
}

export function startFailed(paths: Paths, why: string, cause?: unknown): ConnectionError {
  return new ConnectionError(
    'start_failed',
    `cannot start the daemon: ${why}; see ${startLog(paths)} and ${paths.logFile}`,
    { cause },
  );
}
