/** One who is told of changes: what of them, and how much may wait while what was sent before is not read. */
import { MAX_WAITING_BYTES } from '../../protocol/limits.ts';
import type { Entry } from './history.ts';

/**
 * That holds up to here: what one step of the registry brings to one that reads, or what was missed. Beyond it a snapshot
 * is shorter, as each event has a project before and after, and a string could not hold the events of a large registry.
 * Bytes.
 */
const MAX_AT_ONCE_BYTES = 64 * 1024 * 1024;

/** The connection of a subscriber. */
export interface Outlet {
  /** Whether what was sent before still waits for the peer. */
  readonly congested: boolean;
  readonly closed: boolean;
  send(line: string): void;
  /** Sends what is waiting and closes. */
  close(): void;
}

export interface WatchOptions {
  readonly projectId?: string | undefined;
  readonly progress?: boolean | undefined;
  readonly cursor?: string | undefined;
}

export class Subscription {
  readonly id: string;
  readonly outlet: Outlet;
  readonly options: WatchOptions;
  /** The queue grew too long: a snapshot replaces it. */
  overflowed = false;
  /** Nothing is sent before the answer that names the subscription. */
  started = false;
  #queue: Entry[] = [];
  /** What the queue holds, but for what was missed before the subscription began. */
  #bytes = 0;

  constructor(id: string, outlet: Outlet, options: WatchOptions) {
    this.id = id;
    this.outlet = outlet;
    this.options = options;
  }

  /** Begins with what was missed: the history keeps it anyway, so that however much it is costs no more memory. */
  catchUp(missed: readonly Entry[]): void {
    this.#queue = missed.filter((entry) => this.#wants(entry));
    let bytes = 0;
    for (const entry of this.#queue) bytes += entry.bytes;
    if (bytes > MAX_AT_ONCE_BYTES) this.#overflow();
  }

  /** Takes an event; returns whether there is something to send now. */
  add(entry: Entry): boolean {
    if (this.overflowed || !this.#wants(entry)) return false;
    this.#queue.push(entry);
    this.#bytes += entry.bytes;
    const isBehind = !this.started || this.outlet.congested;
    if (this.#bytes > (isBehind ? MAX_WAITING_BYTES : MAX_AT_ONCE_BYTES)) this.#overflow();
    return true;
  }

  /** Empties the queue. */
  take(): readonly Entry[] {
    const queue = this.#queue;
    this.#queue = [];
    this.#bytes = 0;
    return queue;
  }

  #wants({ projectIds, isProgress }: Entry): boolean {
    if (isProgress && !this.options.progress) return false;
    const { projectId } = this.options;
    return projectId === undefined || projectIds.length === 0 || projectIds.includes(projectId);
  }

  #overflow(): void {
    this.take();
    this.overflowed = true;
  }
}
