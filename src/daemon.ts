/** The daemon as an object: started, running, stopped; programs and tests use it alike. */
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { refuseLinksForRoot } from './claim/for-root.ts';
import { timestampOf } from './domain/values/time.ts';
import { DEFAULT_LOG_LEVEL, type LogLevel, type Manager } from './flags.ts';
import { type Logger, openLog } from './log.ts';
import { type PathOptions, type Paths, resolvePaths } from './paths.ts';
import { checkDataDirectory, keepToUser } from './claim/private-directory.ts';
import { type Claim, claimSocket } from './claim/claim.ts';
import { Dispatcher } from './server/dispatch.ts';
import { Feed } from './services/feed/feed.ts';
import { createHandlers } from './services/handlers/handlers.ts';
import { Holdings } from './server/holdings.ts';
import { adoptSocket, type InheritedSocket } from './claim/inherited.ts';
import type { DaemonControl } from './services/handlers/types.ts';
import { KeepYoung } from './claim/keep-young.ts';
import { Listener } from './server/listener.ts';
import { LONGEST_TIMER_MS } from './system/longest-timer.ts';
import { Metrics } from './server/metrics.ts';
import { Ownership } from './claim/owner.ts';
import type { Ask } from './services/places/disk.ts';
import { Places } from './services/places/places.ts';
import { prepareRunDirectory } from './claim/run-directory.ts';
import type { Commit } from './store/state.ts';
import { createLanes, NoAnswerError } from './services/lane.ts';
import { Store } from './store/store.ts';
import { Trainings } from './services/training/trainings.ts';
import { Trash } from './services/trash/trash.ts';
import { Turns } from './system/turns.ts';
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

/** Another daemon serves this socket already. */
export interface AlreadyRunning {
  readonly alreadyRunning: { readonly pid: number; readonly version: string };
}

const MADE_PRIVATE = 'made a directory private: others could write to it';

/** How often the daemon makes sure that the socket and the data directory are still its own, in milliseconds. */
const HEARTBEAT_MS = 3_000;
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
  readonly #claim: Claim;
  readonly #ownership: Ownership;
  readonly #store: Store;
  readonly #log: Logger;
  readonly #listener: Listener;
  readonly #dispatcher: Dispatcher;
  readonly #started = performance.now();
  readonly #metrics = new Metrics();
  readonly #places: Places;
  readonly #holdings: Holdings;
  readonly #feed: Feed;
  readonly #trainings: Trainings;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #young: KeepYoung;
  readonly #trash: Trash;
  #idleTimer: NodeJS.Timeout | null = null;
  #stopping = false;
  #resolveStopped: (reason: string) => void = () => undefined;

  private constructor(
    options: DaemonOptions,
    paths: Paths,
    claim: Claim,
    ownership: Ownership,
    store: Store,
    log: Logger,
  ) {
    this.paths = paths;
    this.#options = options;
    this.#claim = claim;
    this.#ownership = ownership;
    this.#store = store;
    this.#log = log;
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    const turns = new Turns();
    this.#feed = new Feed(this.epoch, store, turns, (error) => this.failed(error));
    const lanes = createLanes();
    const ask: Ask = (question) =>
      lanes.foreign.ask(question).catch((error: unknown) => {
        if (error instanceof NoAnswerError) throw error;
        return null;
      });
    this.#places = new Places(() => store.registry, ask, turns);
    this.#trainings = new Trainings(store, this.#feed, turns, log);
    store.subscribe({
      // Whoever is told of a change has no say in whether it was made.
      committed: (commit) => this.#guard(() => this.#committed(commit)),
      problem: () => this.#guard(() => this.#feed.problem()),
    });
    // The disk of these may be another one, and need not answer.
    lanes.projects
      .ask(() => keepToUser(paths.projectsDir, 'the projects'))
      .then((done) => done && log.warn({ path: paths.projectsDir }, MADE_PRIVATE))
      .catch((error: unknown) => log.warn({ err: error }, 'cannot keep others out of the projects'));
    this.#trash = new Trash({ paths, store, lane: lanes.projects, log });
    const handlers = createHandlers({
      store,
      lanes,
      trash: this.#trash,
      paths,
      trainings: this.#trainings,
      feed: this.#feed,
      places: this.#places,
      turns,
      daemon: this,
      log,
    });
    this.#holdings = new Holdings(
      (bytes) =>
        log.warn(
          { bytes },
          'cut off a peer that does not read, does not end its line, or has a long batch wait: too much is held',
        ),
      options.maxHeldBytes,
    );
    const shared = { turns, holdings: this.#holdings };
    this.#dispatcher = new Dispatcher(handlers, this.#metrics, shared, log);
    this.#listener = new Listener(
      claim.server,
      (message, exchange) => this.#dispatcher.handle(message, exchange),
      shared,
      {
        connections: (count) => this.#restartIdleTimer(count),
        failed: (error) => this.failed(error),
        writable: (connection) => this.#feed.resume(connection),
        ended: (connection) => this.#trainings.disconnect(connection),
        closed: (connection) => {
          this.#feed.disconnect(connection);
          this.#trainings.disconnect(connection);
        },
      },
    );
    this.#young = new KeepYoung(claim.files);
    this.#heartbeat = setInterval(() => void this.#checkHealth(), HEARTBEAT_MS);
    this.#restartIdleTimer(0);
  }

  /**
   * Starts a daemon, unless one is running for this socket.
   *
   * @throws {SocketPathError | UnsafeDirectoryError | ClaimError} with what to do
   * @throws system errors where the data directory cannot be used
   */
  static async start(options: DaemonOptions = {}): Promise<Daemon | AlreadyRunning> {
    const told = resolvePaths(options);
    checkDataDirectory(told.dataDir);
    refuseLinksForRoot(told);
    const loose: string[] = [];
    for (const [directory, purpose] of [
      [dirname(told.logFile), 'the logs'],
      [told.backupsDir, 'the backups'],
      [told.trashDir, 'what is being deleted'],
    ] as const)
      if (await keepToUser(directory, purpose)) loose.push(directory);
    await prepareRunDirectory(dirname(told.socket));
    const { inherited } = options;
    const adopted = inherited ? await adoptSocket(inherited, told.socket) : null;
    const claim = adopted ?? (await claimSocket(told.socket));
    const paths = adopted ? { ...told, socket: adopted.path } : told;
    if ('alive' in claim) return { alreadyRunning: claim.alive };
    const manager = options.manager ?? (adopted ? inherited?.manager : undefined) ?? 'foreground';
    let ownership: Ownership | null = null;
    try {
      const owner = (ownership = await Ownership.take(paths, claim));
      const log = options.log ?? openLog(paths.logFile, options.logLevel ?? DEFAULT_LOG_LEVEL);
      for (const path of loose) log.warn({ path }, MADE_PRIVATE);
      let daemon: Daemon | null = null;
      const ownsRegistry = async (): Promise<boolean> => {
        const lost = await owner.lost();
        if (lost !== null && daemon) daemon.#giveWay(lost);
        return lost === null;
      };
      const isTraining = (id: string): boolean => daemon !== null && daemon.#trainings.isTraining(id);
      const store = await Store.open({ paths, log, ownsRegistry, isTraining });
      daemon = new Daemon({ ...options, manager }, paths, claim, owner, store, log);
      log.info(
        {
          version: VERSION,
          node: process.version,
          ...paths,
          manager,
          inherited: adopted !== null,
          projects: store.registry.size,
        },
        'started',
      );
      // Now that leases are known here.
      store.follow();
      return daemon;
    } catch (error) {
      claim.server.close();
      await ownership?.release();
      await claim.release();
      throw error;
    }
  }

  get draining(): boolean {
    return this.#stopping;
  }

  /** What `daemon.status` tells beside the process's own figures. */
  status(): ReturnType<DaemonControl['status']> {
    return {
      uptime_s: Math.round(performance.now() - this.#started) / 1000,
      connections: this.#listener.connections,
      subscriptions: this.#feed.subscriptions,
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
      this.#release().catch(() => undefined);
      this.#options.overdue?.();
    }, OVERDUE_MS);
    clearInterval(this.#heartbeat);
    clearTimeout(this.#idleTimer ?? undefined);
    this.#listener.drain({ stopListening: this.#claim.outlivesDaemon });
    this.#dispatcher.drain();
    this.#trainings.close();
    this.#trash.close();
    await this.#listener.answered(DRAIN_MS);
    await this.#store.close();
    this.#feed.shutdown();
    // Only now may a successor start: it reads the file that was just written.
    await this.#release().catch((error: unknown) => {
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
    this.#claim.abandon();
    this.#listener.cut();
    // Last, because this waits where the log is on that disk.
    this.#log.error('ended by force: a disk does not answer');
  }

  async #release(): Promise<void> {
    await this.#ownership.release();
    await this.#claim.release();
  }

  /** Something threw where nobody was there to be told: it is logged, and the daemon goes on. */
  failed(error: unknown): void {
    this.#log.error({ err: error }, 'an unexpected error');
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.failed(error);
    }
  }

  #committed(commit: Commit): void {
    this.#feed.committed(commit);
    if (
      commit.changes.some(
        (change) => 'id' in change && change.before?.source_path !== change.after?.source_path,
      )
    )
      this.#places.changed();
    this.#trainings.committed(commit);
  }

  async #checkHealth(): Promise<void> {
    try {
      const lost = await this.#ownership.lost();
      if (lost !== null) {
        this.#giveWay(lost);
        return;
      }
    } catch (error) {
      this.#log.error({ err: error }, 'cannot check whether this daemon still serves the data directory');
    }
    this.#young
      .tick()
      .catch((error: unknown) =>
        this.#log.warn({ err: error }, 'cannot keep the socket from being removed for its age'),
      );
  }

  /** @param left how long it may be idle yet, in milliseconds */
  #restartIdleTimer(connections: number, left = (this.#options.idleTimeout ?? 0) * 1000): void {
    clearTimeout(this.#idleTimer ?? undefined);
    this.#idleTimer = null;
    if (connections > 0 || left <= 0 || this.#stopping) return;
    const next = Math.min(left, LONGEST_TIMER_MS);
    this.#idleTimer = setTimeout(() => {
      if (left > next) this.#restartIdleTimer(0, left - next);
      else void this.stop(`idle for ${this.#options.idleTimeout} s`);
    }, next);
  }
}
