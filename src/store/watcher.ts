/**
 * Tells when a file may have changed. It only says "look": whether there is anything new is for the reader to find
 * out, by status and content.
 */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';

/** Editors write in several steps; a look waits until none has come for this long. Milliseconds. */
const DEBOUNCE_MS = 50;
/** And no longer than this, however busy the file is. Milliseconds. */
const MAX_WAIT_MS = 500;

/** Writes of our own that come closer together than this are a burst; it is over when none came for so long. Milliseconds. */
const BURST_MS = 250;

export interface WatchEvents {
  changed(): void;
  /** The system cannot watch here; whoever asked has to look by themselves now and then. */
  failed(error: unknown): void;
}

/**
 * Watches a file through its directory: a watch on the file itself goes deaf when the file is replaced.
 *
 * Every write of our own makes half a dozen events, and for each of them chokidar reads the directory: more work than
 * the write. In a burst of our own writes the watch therefore rests. Nothing is missed: whoever writes looks at the
 * file before each write, and is told to look once more when the watch is up again.
 */
export class FileWatch {
  readonly #file: string;
  readonly #directory: string;
  readonly #events: WatchEvents;
  #watcher: FSWatcher | null = null;
  /** The directory that is watched, whatever its name leads to by now. */
  #watched: string | null = null;
  #lookTimer: NodeJS.Timeout | null = null;
  #stirredAt = 0;
  #burstTimer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(file: string, events: WatchEvents) {
    this.#file = file;
    this.#directory = dirname(file);
    this.#events = events;
    // Whoever waits for a daemon to start is answered first.
    setImmediate(() => {
      if (!this.#closed) this.#open();
    });
  }

  /** Tells that this process has just written the file. */
  wrote(): void {
    if (this.#closed) return;
    if (this.#burstTimer) void this.#rest();
    clearTimeout(this.#burstTimer ?? undefined);
    this.#burstTimer = setTimeout(() => {
      this.#burstTimer = null;
      if (!this.#watcher) this.#open();
    }, BURST_MS);
  }

  /** Watches anew where another directory has taken the place of the watched one: its watch would tell nothing. */
  async check(): Promise<void> {
    if (!this.#watcher || (await identityOf(this.#directory)) === this.#watched) return;
    await this.#rest();
    if (!this.#closed && !this.#watcher) this.#open();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#lookTimer ?? undefined);
    clearTimeout(this.#burstTimer ?? undefined);
    await this.#rest();
  }

  #open(): void {
    const watcher = watch(this.#directory, {
      depth: 0,
      ignoreInitial: true,
      atomic: false,
      ignored: (path) => path !== this.#directory && path !== this.#file,
    });
    this.#watcher = watcher;
    this.#watched = null;
    watcher.on('all', (_event, path) => {
      if (path === this.#file) this.#stir();
    });
    watcher.on('error', (error) => this.#events.failed(error));
    watcher.on('ready', () => {
      // What happened while nobody watched.
      this.#stir();
      void identityOf(this.#directory).then((identity) => {
        if (this.#watcher === watcher) this.#watched = identity;
      });
    });
  }

  async #rest(): Promise<void> {
    const watcher = this.#watcher;
    this.#watcher = null;
    await watcher?.close();
  }

  #stir(): void {
    if (this.#closed) return;
    const now = performance.now();
    if (this.#lookTimer) clearTimeout(this.#lookTimer);
    else this.#stirredAt = now;
    const wait = Math.max(0, Math.min(DEBOUNCE_MS, this.#stirredAt + MAX_WAIT_MS - now));
    this.#lookTimer = setTimeout(() => {
      this.#lookTimer = null;
      this.#events.changed();
    }, wait);
  }
}

/** Device and inode of a directory; null where there is none. */
async function identityOf(directory: string): Promise<string | null> {
  const status = await stat(directory, { bigint: true }).catch(() => null);
  return status && `${status.dev}:${status.ino}`;
}
