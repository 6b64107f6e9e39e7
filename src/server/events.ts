/** Who is told of changes: the history, the subscriptions, and how much may wait for one that does not read. */
import { wireJson } from '../domain/encoding.ts';
import { InvalidParamsError, RegistryError } from '../domain/errors.ts';
import { eventJson } from '../domain/events.ts';
import type { RegistryView } from '../domain/registry.ts';
import type { Problem } from '../store/problem.ts';
import type { Commit } from '../store/committed.ts';

/** Committed changes that are kept for resuming. */
export const HISTORY_LENGTH = 1_000;
/**
 * What may wait for a subscriber that does not read what it was sent before; beyond it the queue becomes one resync.
 * One that reads gets every event, however many a single step of the registry brings. Bytes.
 */
const MAX_WAITING_BYTES = 1024 * 1024;
/** Every subscription has a queue; a connection needs few. */
export const MAX_SUBSCRIPTIONS = 64;

/** The connection of a subscriber. */
export interface Outlet {
  /** Whether what was sent before still waits for the peer. */
  readonly congested: boolean;
  readonly closed: boolean;
  send(line: string): void;
}

/** An event, with what subscriptions choose by. */
class Entry {
  readonly projectIds: readonly (string | null)[];
  readonly isProgress: boolean;
  /** Where the history stands with it. */
  readonly sequence: number;
  readonly #write: () => string;
  #json: string | undefined;
  #bytes: number | undefined;

  /** @param write makes the text, when somebody is to read it: without subscribers the history is only kept */
  constructor(
    write: () => string,
    projectIds: readonly (string | null)[],
    isProgress: boolean,
    sequence: number,
  ) {
    this.#write = write;
    this.projectIds = projectIds;
    this.isProgress = isProgress;
    this.sequence = sequence;
  }

  get json(): string {
    return (this.#json ??= this.#write());
  }

  get bytes(): number {
    return (this.#bytes ??= Buffer.byteLength(this.json));
  }
}

export interface WatchOptions {
  readonly projectId?: string | undefined;
  readonly progress?: boolean | undefined;
  readonly cursor?: string | undefined;
}

class Subscription {
  readonly id: string;
  readonly outlet: Outlet;
  readonly options: WatchOptions;
  queue: Entry[] = [];
  /** What the queue holds, but for what was missed before the subscription began. */
  bytes = 0;
  /** The queue grew too long: a snapshot replaces it. */
  overflowed = false;
  /** Nothing is sent before the answer that names the subscription. */
  started = false;

  constructor(id: string, outlet: Outlet, options: WatchOptions) {
    this.id = id;
    this.outlet = outlet;
    this.options = options;
  }

  wants({ projectIds, isProgress }: Entry): boolean {
    if (isProgress && !this.options.progress) return false;
    const { projectId } = this.options;
    return projectId === undefined || projectIds.length === 0 || projectIds.includes(projectId);
  }

  add(entry: Entry): void {
    if (this.overflowed || !this.wants(entry)) return;
    this.queue.push(entry);
    this.bytes += entry.bytes;
    const isBehind = !this.started || this.outlet.congested;
    if (this.bytes <= MAX_WAITING_BYTES || !isBehind) return;
    this.queue = [];
    this.bytes = 0;
    this.overflowed = true;
  }
}

export class Events {
  readonly #epoch: string;
  readonly #view: () => RegistryView;
  readonly #history: Entry[] = [];
  readonly #subscriptions = new Map<string, Subscription>();
  #sequence = 0;
  #count = 0;
  #flushScheduled = false;

  /** @param view the committed state */
  constructor(epoch: string, view: () => RegistryView) {
    this.#epoch = epoch;
    this.#view = view;
  }

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Where the history stands: `<epoch>:<sequence>`. */
  get cursor(): string {
    return this.#cursorAt(this.#sequence);
  }

  /** A durable step of the registry. */
  committed({ changes, origin, at }: Commit): void {
    for (const change of changes) {
      this.#sequence += 1;
      const isActivation = 'active' in change;
      // Now: later on it may have changed again.
      const active = isActivation && change.active !== null ? this.#view().get(change.active) : undefined;
      const projectIds = isActivation ? [change.active, change.previous] : [change.id];
      this.#history.push(this.#add(() => eventJson(change, origin, at, active), projectIds));
    }
    if (this.#history.length > HISTORY_LENGTH) this.#history.splice(0, this.#history.length - HISTORY_LENGTH);
  }

  /** A report of a trainer, for those who asked for progress. */
  progress(event: { project_id: string; projectJson: string; at: string }): void {
    const json = `{"type":"progress","project_id":${JSON.stringify(event.project_id)},"project":${event.projectJson},"origin":"rpc","at":"${event.at}"}`;
    this.#add(() => json, [event.project_id], true);
  }

  problem(problem: Problem | null): void {
    const at = new Date().toISOString();
    this.#publish({
      type: problem ? 'problem' : 'recovered',
      ...(problem ? { problem } : {}),
      origin: 'file',
      at,
    });
  }

  /** The daemon drains: everybody is told, and sent what can be sent. */
  shutdown(): void {
    this.#publish({ type: 'shutdown', origin: 'rpc', at: new Date().toISOString() });
    this.#flush();
  }

  /**
   * Begins a subscription; nothing goes out before {@link Events.start}.
   *
   * @throws {RegistryError} `cursor_expired`
   */
  watch(outlet: Outlet, options: WatchOptions): { subscription: string; cursor: string } {
    const mine = [...this.#subscriptions.values()].filter((other) => other.outlet === outlet).length;
    if (mine >= MAX_SUBSCRIPTIONS) {
      throw new InvalidParamsError([
        {
          path: '',
          message: `a connection has at most ${MAX_SUBSCRIPTIONS} subscriptions; end one with registry.unwatch`,
        },
      ]);
    }
    const missed = options.cursor === undefined ? [] : this.#after(options.cursor);
    this.#count += 1;
    // With the epoch: a client that goes on after a restart must not take what is for a new subscription, or end it,
    // for one of the daemon before.
    const subscription = new Subscription(`s${this.#count}-${this.#epoch}`, outlet, options);
    // The history is kept anyway, so that however much was missed costs no more memory.
    subscription.queue = missed.filter((entry) => subscription.wants(entry));
    // A peer that left while its request waited for its turn will not be heard of again.
    if (!outlet.closed) this.#subscriptions.set(subscription.id, subscription);
    return { subscription: subscription.id, cursor: options.cursor ?? this.cursor };
  }

  /** The subscriber knows its name now. */
  start(id: string): void {
    const subscription = this.#subscriptions.get(id);
    if (!subscription) return;
    subscription.started = true;
    this.#send(subscription);
  }

  /** @throws {InvalidParamsError} for a subscription that is not this peer's */
  unwatch(outlet: Outlet, id: string): void {
    if (this.#subscriptions.get(id)?.outlet !== outlet) {
      throw new InvalidParamsError([{ path: 'subscription', message: 'is not one of this connection' }]);
    }
    this.#subscriptions.delete(id);
  }

  /** The connection has ended. */
  disconnect(outlet: Outlet): void {
    for (const [id, subscription] of this.#subscriptions) {
      if (subscription.outlet === outlet) this.#subscriptions.delete(id);
    }
  }

  /** The connection can take more. */
  resume(outlet: Outlet): void {
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.outlet === outlet) this.#send(subscription);
    }
  }

  #publish(event: Record<string, unknown>): void {
    this.#add(() => JSON.stringify(event), []);
  }

  #add(write: () => string, projectIds: readonly (string | null)[], isProgress = false): Entry {
    const entry = new Entry(write, projectIds, isProgress, this.#sequence);
    for (const subscription of this.#subscriptions.values()) subscription.add(entry);
    this.#scheduleFlush();
    return entry;
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#subscriptions.size === 0) return;
    this.#flushScheduled = true;
    // After the answers of the callers whose changes these are.
    setImmediate(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    for (const subscription of this.#subscriptions.values()) this.#send(subscription);
  }

  #send(subscription: Subscription): void {
    const { id, outlet, queue } = subscription;
    if (!subscription.started || outlet.congested) return;
    if (subscription.overflowed) {
      subscription.overflowed = false;
      outlet.send(this.#notification(id, this.#sequence, this.#resync(subscription.options)));
      return;
    }
    const last = queue.at(-1);
    if (!last) return;
    subscription.queue = [];
    subscription.bytes = 0;
    outlet.send(this.#notification(id, last.sequence, queue.map(({ json }) => json).join(',')));
  }

  #notification(id: string, sequence: number, events: string): string {
    const cursor = this.#cursorAt(sequence);
    return `{"jsonrpc":"2.0","method":"registry.event","params":{"subscription":"${id}","cursor":"${cursor}","events":[${events}]}}`;
  }

  #resync({ projectId }: WatchOptions): string {
    const view = this.#view();
    const projects = snapshotJson(view, projectId);
    const at = new Date().toISOString();
    return `{"type":"resync","projects":${projects},"active_project":${JSON.stringify(view.active)},"origin":"rpc","at":"${at}"}`;
  }

  #cursorAt(sequence: number): string {
    return `${this.#epoch}:${sequence}`;
  }

  /** The kept events after a cursor. */
  #after(cursor: string): readonly Entry[] {
    const [, epoch, text] = /^(.+):(\d+)$/.exec(cursor) ?? [];
    const sequence = Number(text);
    const oldest = this.#sequence - this.#history.length;
    if (epoch !== this.#epoch || sequence < oldest || sequence > this.#sequence) {
      throw new RegistryError(
        'cursor_expired',
        'cannot resume from this cursor: the history no longer has it; watch without one',
        {
          cursor: this.cursor,
          suggestions: ['watch without a cursor'],
        },
      );
    }
    return this.#history.slice(sequence - oldest);
  }
}

/** The projects that a subscription begins with, as a JSON list. */
export function snapshotJson(view: RegistryView, projectId?: string): string {
  if (projectId !== undefined) {
    const project = view.get(projectId);
    return project ? `[${wireJson(project)}]` : '[]';
  }
  return `[${Array.from(view.projects(), wireJson).join(',')}]`;
}
