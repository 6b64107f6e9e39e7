/** Tells that something may have happened to a file. */
import { watch } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** How often to look where no event comes: network file systems, or no directory to watch yet. */
const LOOK_EVERY_MS = 1_000;

export class FileNews {
  readonly #path: string;
  readonly #signal: AbortSignal;
  #watcher: ReturnType<typeof watch> | undefined;
  #wake: () => void = () => undefined;

  constructor(path: string, signal: AbortSignal) {
    this.#path = path;
    this.#signal = signal;
  }

  /** Resolves at the next event, after a while without one, or when the signal comes. */
  async next(): Promise<void> {
    this.#listen();
    const done = new AbortController();
    const event = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const waited = pause(LOOK_EVERY_MS, undefined, {
      signal: AbortSignal.any([this.#signal, done.signal]),
    }).catch(() => undefined);
    await Promise.race([event, waited]);
    done.abort();
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #listen(): void {
    if (this.#watcher) return;
    try {
      // The directory and not the file: a watch on a file does not see its successor.
      this.#watcher = watch(dirname(this.#path), () => this.#wake());
      this.#watcher.on('error', () => this.close());
    } catch (error) {
      // No directory yet, or the system has no watches left: looking now and then has to do.
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }
}
