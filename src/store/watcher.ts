/**
 * Tells when a file may have changed. It only says "look": whether there is anything new is for the reader to find
 * out, by status and content.
 */
import { dirname } from 'node:path';
import { watch } from 'chokidar';

/** Editors write in several steps; a look waits until none has come for this long. Milliseconds. */
const DEBOUNCE_MS = 50;
/** And no longer than this, however busy the file is. Milliseconds. */
const MAX_WAIT_MS = 500;

export interface Watch {
  close(): Promise<void>;
}

export interface WatchEvents {
  changed(): void;
  /** The system cannot watch here; whoever asked has to look by themselves now and then. */
  failed(error: unknown): void;
}

/** Watches a file through its directory: a watch on the file itself goes deaf when the file is replaced. */
export function watchFile(file: string, events: WatchEvents): Watch {
  const directory = dirname(file);
  let timer: NodeJS.Timeout | null = null;
  let firstAt = 0;
  const stir = (): void => {
    const now = performance.now();
    if (timer) clearTimeout(timer);
    else firstAt = now;
    const wait = Math.max(0, Math.min(DEBOUNCE_MS, firstAt + MAX_WAIT_MS - now));
    timer = setTimeout(() => {
      timer = null;
      events.changed();
    }, wait);
  };
  const watcher = watch(directory, {
    depth: 0,
    ignoreInitial: true,
    atomic: false,
    ignored: (path) => path !== directory && path !== file,
  });
  watcher.on('all', (_event, path) => {
    if (path === file) stir();
  });
  watcher.on('error', (error) => events.failed(error));
  return {
    async close() {
      clearTimeout(timer ?? undefined);
      await watcher.close();
    },
  };
}
