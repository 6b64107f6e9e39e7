/** The daemon as an object: started, running, stopped; programs and tests use it alike. */
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { type Logger, type LogLevel, openLog } from './log.ts';
import { type PathOptions, type Paths, resolvePaths } from './paths.ts';
import { type Claim, claimSocket } from './server/claim.ts';
import { Dispatcher } from './server/dispatch.ts';
import { createHandlers } from './server/handlers.ts';
import { Listener } from './server/listener.ts';
import { Metrics } from './server/metrics.ts';
import { prepareRunDirectory } from './server/run-directory.ts';
import { watchFile, type Watch } from './store/watcher.ts';
import { Store } from './store/store.ts';
import { VERSION } from './version.ts';

export type Manager = 'launchd' | 'systemd' | 'spawned' | 'foreground';

export interface DaemonOptions extends PathOptions {
  /** Seconds without a connection after which the daemon ends; 0, the default, is never. */
  readonly idleTimeout?: number | undefined;
  /** Default INFO. */
  readonly logLevel?: LogLevel | undefined;
  /** Who started it; default `foreground`. */
  readonly manager?: Manager | undefined;
  /** Instead of the log file. */
  readonly log?: Logger | undefined;
}

/** Another daemon serves this socket already. */
export interface AlreadyRunning {
  readonly alreadyRunning: { readonly pid: number; readonly version: string };
}

/** How often the daemon makes sure that the socket and the file are what it takes them for, in milliseconds. */
export const HEARTBEAT_MS = 3_000;
/** How long a stopping daemon waits for requests under way, and then for its peers. Together under the 10 s allowed. */
const DRAIN_MS = 7_000;
const PEERS_MS = 1_000;

export class Daemon {
  readonly paths: Paths;
  readonly epoch = randomBytes(6).toString('base64url');
  readonly startedAt = new Date().toISOString();
  /** Resolves with the reason when the daemon has stopped. */
  readonly stopped: Promise<string>;

  readonly #options: DaemonOptions;
  readonly #claim: Claim;
  readonly #store: Store;
  readonly #log: Logger;
  readonly #listener: Listener;
  readonly #dispatcher: Dispatcher;
  readonly #started = performance.now();
  readonly #metrics = new Metrics();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #watch: Watch;
  #idleTimer: NodeJS.Timeout | null = null;
  #stopping = false;
  #resolveStopped: (reason: string) => void = () => undefined;

  private constructor(options: DaemonOptions, paths: Paths, claim: Claim, store: Store, log: Logger) {
    this.paths = paths;
    this.#options = options;
    this.#claim = claim;
    this.#store = store;
    this.#log = log;
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    const handlers = createHandlers(
      store,
      paths,
      {
        epoch: this.epoch,
        startedAt: this.startedAt,
        status: () => ({
          uptime_s: Math.round(performance.now() - this.#started) / 1000,
          connections: this.#listener.connections,
          subscriptions: 0,
          socket: paths.socket,
          data_dir: paths.dataDir,
          manager: options.manager ?? 'foreground',
          requests: this.#metrics.requests(),
          batches: { ...store.batches },
        }),
        // After the answer is on its way.
        shutdown: (reason) => void setImmediate(() => void this.stop(reason)),
      },
      log,
    );
    this.#dispatcher = new Dispatcher(handlers, this.#metrics, log);
    this.#listener = new Listener(
      claim.server,
      (message, context) => this.#dispatcher.handle(message, context),
      {
        connections: (count) => this.#restartIdleTimer(count),
      },
    );
    this.#watch = watchFile(store.file, {
      changed: () => this.#look(),
      failed: (error) =>
        log.warn({ err: error }, 'cannot watch the registry file; looking at it every few seconds'),
    });
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
    const paths = resolvePaths(options);
    await prepareRunDirectory(dirname(paths.socket));
    const claim = await claimSocket(paths.socket);
    if ('alive' in claim) return { alreadyRunning: claim.alive };
    try {
      const log = options.log ?? openLog(paths.logFile, options.logLevel ?? 'INFO');
      const store = await Store.open({ paths, log, ownsRegistry: () => claim.isOurs() });
      const daemon = new Daemon(options, paths, claim, store, log);
      log.info(
        {
          version: VERSION,
          node: process.version,
          ...paths,
          manager: options.manager,
          projects: store.registry.size,
        },
        'started',
      );
      return daemon;
    } catch (error) {
      claim.server.close();
      await claim.release();
      throw error;
    }
  }

  /** Ends the daemon: answers what was received, writes it, closes every connection. Resolves when it has ended. */
  async stop(reason: string): Promise<void> {
    if (this.#stopping) {
      await this.stopped;
      return;
    }
    this.#stopping = true;
    this.#log.info({ reason }, 'stopping');
    clearInterval(this.#heartbeat);
    clearTimeout(this.#idleTimer ?? undefined);
    this.#listener.drain();
    this.#dispatcher.drain();
    await this.#watch.close();
    await this.#listener.answered(DRAIN_MS);
    await this.#store.close();
    // Only now may a successor start: it reads the file that was just written.
    await this.#claim.release();
    await this.#listener.close(PEERS_MS);
    this.#log.info('stopped');
    this.#resolveStopped(reason);
  }

  #look(): void {
    this.#store.look().catch((error: unknown) => {
      this.#log.error({ err: error }, 'cannot look at the registry file');
    });
  }

  async #checkHealth(): Promise<void> {
    try {
      if (!(await this.#claim.isOurs())) {
        this.#log.warn({ socket: this.paths.socket }, 'the socket was replaced or removed');
        await this.stop('the socket path no longer leads here');
        return;
      }
    } catch (error) {
      this.#log.error({ err: error }, 'cannot check the socket');
    }
    this.#look();
  }

  #restartIdleTimer(connections: number): void {
    clearTimeout(this.#idleTimer ?? undefined);
    this.#idleTimer = null;
    const seconds = this.#options.idleTimeout ?? 0;
    if (connections > 0 || seconds <= 0 || this.#stopping) return;
    this.#idleTimer = setTimeout(() => void this.stop(`idle for ${seconds} s`), seconds * 1000);
  }
}
