/**
 * Tells when a file may have changed. It only says "look": whether there is anything new is for the reader to find
 * out, by status and content.
 */
import { realpathSync, watch as watchPlainly } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { watch } from 'chokidar';
import { mountPointsNow } from '../../system/mount-table.ts';

/** Editors write in several steps; a look waits until none has come for this long. Milliseconds. */
const DEBOUNCE_MS = 50;
/** And no longer than this, however busy the file is. Milliseconds. */
const MAX_WAIT_MS = 500;
/** Writes of our own that come closer together than this are a burst; it is over when none came for so long. Milliseconds. */
const BURST_MS = 250;

export interface WatchCallbacks {
  changed(): void;
  /** The system cannot watch here; whoever asked has to look by themselves now and then. */
  failed(error: unknown): void;
}

interface Closable {
  close(): unknown;
}

/**
 * Watches a file through its directory: a watch on the file itself goes deaf when the file is replaced. Where a link
 * leads to the file, both directories are watched, the link's and the file's.
 *
 * Every write of our own makes half a dozen events, and for each of them chokidar reads the directory: more work than
 * the write. In a burst of our own writes the watch therefore rests. Nothing is missed: whoever writes looks at the
 * file before each write, and is told to look once more when the watch is up again.
 */
export class FileWatch {
  /** The path, and the file behind the link there. */
  readonly #files: () => readonly string[];
  readonly #callbacks: WatchCallbacks;
  #watcher: Closable | null = null;
  /** The files and their directories that are watched, whatever their names lead to by now. */
  #watched: string | null = null;
  #lookTimer: NodeJS.Timeout | null = null;
  #stirredAt = 0;
  #burstTimer: NodeJS.Timeout | null = null;
  #closed = false;

  /** @param target where the file is when `file` is a link; asked again whenever the watch is made or checked */
  constructor(file: string, callbacks: WatchCallbacks, target: () => string = () => file) {
    this.#files = () => [...new Set([file, target()])];
    this.#callbacks = callbacks;
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

  /**
   * Watches anew where the file is in another directory by now, or another directory has taken the place of the watched
   * one: its watch would tell nothing.
   */
  async check(): Promise<void> {
    // One that is not up yet has just been made.
    if (!this.#watcher || this.#watched === null) return;
    if ((await identityOf(this.#files())) === this.#watched) return;
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
    const files = this.#files();
    // Before the watch: what takes a directory's place from here on is found by the next check.
    const identity = identityOf(files);
    const directories = files.map((file) => dirname(file));
    // chokidar takes a backslash for a slash, on every system. It also looks at all that is in a directory, again and
    // again, and each time waits with another thread for a disk that is mounted there and does not answer.
    if (directories.some((directory) => directory.includes('\\') || hasDisks(directory))) {
      this.#watchPlainly(files, directories, identity);
      return;
    }
    const watcher = watch([...new Set(directories)], {
      depth: 0,
      ignoreInitial: true,
      atomic: false,
      ignored: (path) => !directories.includes(path) && !files.includes(path),
    });
    this.#watcher = watcher;
    this.#watched = null;
    watcher.on('all', (_event, path) => {
      if (files.includes(path)) this.#stir();
    });
    // chokidar sees what a link leads to. That the link itself leads elsewhere by now only the system tells.
    watcher.on('raw', (_event, name: string | null, about) => {
      const { watchedPath = '' } = about as { readonly watchedPath?: string };
      if (files.length > 1 && files.includes(join(watchedPath, name ?? ''))) this.#stir();
    });
    watcher.on('error', (error) => this.#callbacks.failed(error));
    watcher.on('ready', () => this.#isUp(watcher, identity));
  }

  /** By the system alone, which tells of the directory, and of a link in it, all that is needed here. */
  #watchPlainly(files: readonly string[], directories: readonly string[], identity: Promise<string>): void {
    const watchers: Closable[] = [];
    const watcher = { close: () => watchers.forEach((each) => each.close()) };
    this.#watcher = watcher;
    this.#watched = null;
    try {
      for (const directory of new Set(directories)) {
        const each = watchPlainly(directory, (_event, name) => {
          if (name === null || files.includes(join(directory, name))) this.#stir();
        });
        each.on('error', (error) => this.#callbacks.failed(error));
        watchers.push(each);
      }
    } catch (error) {
      this.#callbacks.failed(error);
    }
    this.#isUp(watcher, identity);
  }

  #isUp(watcher: Closable, identity: Promise<string>): void {
    // What happened while nobody watched.
    this.#stir();
    void identity.then((known) => {
      if (this.#watcher === watcher) this.#watched = known;
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
      this.#callbacks.changed();
    }, wait);
  }
}

/** Whether other disks are mounted right in a directory, as far as the system tells. */
function hasDisks(directory: string): boolean {
  const points = mountPointsNow();
  if (!points) return false;
  let real = directory;
  try {
    real = realpathSync.native(directory);
  } catch {
    // Whoever watches it finds out.
  }
  return points.some((point) => dirname(point) === real && point !== real);
}

/** The files, with device and inode of the directory of each, as far as it is there. */
async function identityOf(files: readonly string[]): Promise<string> {
  const directories = await Promise.all(
    files.map((file) => stat(dirname(file), { bigint: true }).catch(() => null)),
  );
  return JSON.stringify(files.map((file, n) => [file, `${directories[n]?.dev}:${directories[n]?.ino}`]));
}
