/** The daemon as an object: started, running, stopped; programs and tests use it alike. */
import { randomBytes } from 'node:crypto';
import type { AlreadyRunning } from './claim/claim.ts';
import type { InheritedSocket } from './claim/inherited.ts';
import { MADE_PRIVATE } from './claim/private-directory.ts';
import { keepSeat, leaveSeat, type Seat, takeSeat } from './claim/seat.ts';
import { timestampOf } from './domain/values/time.ts';
import { DEFAULT_LOG_LEVEL, type LogLevel, type Manager } from './flags.ts';
import { type Logger, openLog } from './log.ts';
import { type PathOptions, type Paths, resolvePaths } from './paths.ts';
import { Dispatcher } from './server/dispatch.ts';
import { Holdings } from './server/holdings.ts';
import { Listener } from './server/listener.ts';
import { Metrics } from './server/metrics.ts';
import { createHandlers } from './services/handlers/handlers.ts';
import { createServices, type DaemonControl, type Services } from './services/services.ts';
import { Store } from './store/store.ts';
import { LONGEST_TIMER_MS } from './system/longest-timer.ts';
import { VERSION } from './version.ts';

export interface DaemonOptions extends PathOptions {
  /** Seconds without a connection after which the daemon ends; 0, the default, is never. */
  readonly idleTimeout?: number | undefined;
  /** Default INFO. */
  readonly logLevel?: LogLevel | undefined;
  /** Who started it; default `foreground`. */
  readonly manager?: Manager | undefined;
  /** A socket that a service manager handed over; served instead of one of the daemon's own. */
  readonly inherited?: InheritedSocket | null | undefined;
  /** Instead of the log file. */
  readonly log?: Logger | undefined;
  /** What may wait for peers that do not read, over all connections; default 128 MiB. */
  readonly maxHeldBytes?: number | undefined;
  /** Called when the daemon should have ended and has not, because the disk does not answer. */
  readonly overdue?: (() => void) | undefined;
}

/** How long a stopping daemon waits for requests under way, and then for its peers. Together under the 10 s allowed. */
const DRAIN_MS = 7_000;
const PEERS_MS = 1_000;
/** Writing may take the rest of the time, and no more. Milliseconds. */
export const OVERDUE_MS = 8_700;

export class Daemon implements DaemonControl {
  readonly paths: Paths;
  readonly epoch = randomBytes(6).toString('base64url');
  readonly startedAt = timestampOf(Date.now());
  /** Resolves with the reason when the daemon has stopped. */
  readonly stopped: Promise<string>;

  readonly #options: DaemonOptions;
  readonly #seat: Seat;
  readonly #store: Store;
  readonly #log: Logger;
  readonly #services: Services;
  readonly #listener: Listener;
  readonly #dispatcher: Dispatcher;
  readonly #started = performance.now();
  readonly #metrics = new Metrics();
  readonly #holdings: Holdings;
  readonly #endHeartbeat: () => void;
  #idleTimer: NodeJS.Timeout | undefined;
  #stopping = false;
  #resolveStopped: (reason: string) => void = () => undefined;

  private constructor(options: DaemonOptions, seat: Seat, store: Store, log: Logger) {
    this.paths = seat.paths;
    this.#options = options;
    this.#seat = seat;
    this.#store = store;
    this.#log = log;
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    const { feed, trainings, turns } = (this.#services = createServices(this, store, seat.paths, log));
    this.#holdings = new Holdings(
      (bytes) =>
        log.warn(
          { bytes },
          'cut off a peer that does not read, does not end its line, or has a long batch wait: too much is held',
        ),
      options.maxHeldBytes,
    );
    const shared = { turns, holdings: this.#holdings };
    this.#dispatcher = new Dispatcher(createHandlers(this.#services), this.#metrics, shared, log);
    this.#listener = new Listener(
      seat.claim.server,
      (message, exchange) => this.#dispatcher.handle(message, exchange),
      shared,
      {
        connections: (count) => this.#restartIdleTimer(count),
        failed: (error) => this.failed(error),
        writable: (connection) => feed.resume(connection),
        ended: (connection) => trainings.disconnect(connection),
        closed: (connection) => {
          feed.disconnect(connection);
          trainings.disconnect(connection);
        },
      },
    );
    this.#endHeartbeat = keepSeat(seat, (why) => this.#giveWay(why), log);
    this.#restartIdleTimer(0);
  }

  /**
   * Starts a daemon, unless one is running for this socket.
   *
   * @throws {SocketPathError | UnsafeDirectoryError | ClaimError} with what to do
   * @throws system errors where the data directory cannot be used
   */
  static async start(options: DaemonOptions = {}): Promise<Daemon | AlreadyRunning> {
    const seat = await takeSeat(resolvePaths(options), options.inherited ?? null);
    if ('alreadyRunning' in seat) return seat;
    try {
      const { paths } = seat;
      const log = options.log ?? openLog(paths.logFile, options.logLevel ?? DEFAULT_LOG_LEVEL);
      for (const path of seat.madePrivate) log.warn({ path }, MADE_PRIVATE);
      let daemon: Daemon | null = null;
      const ownsRegistry = async (): Promise<boolean> => {
        const lost = await seat.ownership.lost();
        if (lost !== null && daemon) daemon.#giveWay(lost);
        return lost === null;
      };
      const isTraining = (id: string): boolean => daemon !== null && !daemon.#services.trainings.isFree(id);
      const store = await Store.open({ paths, log, ownsRegistry, isTraining });
      const manager = options.manager ?? seat.manager ?? 'foreground';
      daemon = new Daemon({ ...options, manager }, seat, store, log);
      const inherited = seat.manager !== null;
      const about = { version: VERSION, node: process.version, ...paths, manager, inherited };
      log.info({ ...about, projects: store.registry.size }, 'started');
      // Now that leases are known here.
      store.follow();
      return daemon;
    } catch (error) {
      seat.claim.server.close();
      await leaveSeat(seat);
      throw error;
    }
  }

  /** What `daemon.status` tells beside the process's own figures. */
  status(): ReturnType<DaemonControl['status']> {
    return {
      uptime_s: Math.round(performance.now() - this.#started) / 1000,
      connections: this.#listener.connections,
      subscriptions: this.#services.feed.subscriptions,
      socket: this.paths.socket,
      data_dir: this.paths.dataDir,
      manager: this.#options.manager ?? 'foreground',
      requests: this.#metrics.requests(),
      batches: { ...this.#store.batches },
    };
  }

  /** The same as {@link Daemon.stop}, once what is being answered is on its way. */
  shutdown(reason: string): void {
    setImmediate(() => void this.stop(reason));
  }

  /** Ends the daemon: answers what was received, writes it, closes every connection. Resolves when it has ended. */
  async stop(reason: string): Promise<void> {
    if (this.#stopping) {
      await this.stopped;
      return;
    }
    this.#stopping = true;
    this.#log.info({ reason }, 'stopping');
    const overdue = setTimeout(() => {
      // As far as its disk answers, nothing is left of the socket; otherwise it leads nowhere.
      leaveSeat(this.#seat).catch(() => undefined);
      this.#options.overdue?.();
    }, OVERDUE_MS);
    this.#endHeartbeat();
    clearTimeout(this.#idleTimer);
    this.#listener.drain({ stopListening: this.#seat.claim.outlivesDaemon });
    this.#dispatcher.drain();
    this.#services.trainings.close();
    this.#services.trash.close();
    await this.#listener.answered(DRAIN_MS);
    await this.#store.close();
    await this.#services.trainings.left.upkeep.close();
    this.#services.feed.shutdown();
    // Only now may a successor start: it reads the file that was just written.
    await leaveSeat(this.#seat).catch((error: unknown) => {
      this.#log.error({ err: error }, 'cannot remove the socket; the next daemon replaces it');
    });
    await this.#listener.close(PEERS_MS);
    this.#holdings.close();
    clearTimeout(overdue);
    this.#log.info('stopped');
    this.#resolveStopped(reason);
  }

  /** Ends a daemon that must not write any more: at once, so that nobody waits for it in vain. */
  #giveWay(why: string): void {
    if (this.#stopping) return;
    this.#log.warn({ socket: this.paths.socket }, why);
    this.shutdown(why);
  }

  /**
   * Lets go of everybody at once, and waits for no disk: for a process that is about to be killed because one does not
   * answer, and may stay until it does. Nothing works afterwards.
   */
  abandon(): void {
    this.#seat.claim.abandon();
    this.#listener.cut();
    // Last, because this waits where the log is on that disk.
    this.#log.error('ended by force: a disk does not answer');
  }

  /** Something threw where nobody was there to be told: it is logged, and the daemon goes on. */
  failed(error: unknown): void {
    this.#log.error({ err: error }, 'an unexpected error');
  }

  /** @param left how long it may be idle yet, in milliseconds */
  #restartIdleTimer(connections: number, left = (this.#options.idleTimeout ?? 0) * 1000): void {
    clearTimeout(this.#idleTimer);
    if (connections > 0 || left <= 0 || this.#stopping) return;
    const next = Math.min(left, LONGEST_TIMER_MS);
    this.#idleTimer = setTimeout(() => {
      if (left > next) this.#restartIdleTimer(0, left - next);
      else void this.stop(`idle for ${this.#options.idleTimeout} s`);
    }, next);
  }
}
