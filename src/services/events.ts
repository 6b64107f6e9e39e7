/** Who is told of changes: the history, the subscriptions, and how much may wait for one that does not read. */
import { wireJson } from '../domain/encoding.ts';
import { InvalidParamsError, RegistryError } from '../domain/errors.ts';
import { eventJson } from '../domain/events.ts';
import type { RegistryView } from '../domain/registry.ts';
import { jsonText } from '../domain/values/text.ts';
import { timestampOf } from '../domain/values/time.ts';
import { HISTORY_LENGTH, MAX_SUBSCRIPTIONS, MAX_WAITING_BYTES } from '../protocol/limits.ts';
import type { Problem } from '../store/problem.ts';
import type { Commit } from '../store/state.ts';
import type { Turns } from '../system/turns.ts';

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

/** What subscribers see. */
export interface Watched {
  /** The committed state. */
  readonly registry: RegistryView;
  readonly problem: Problem | null;
  /** Whether changes are refused because of the problem. */
  readonly readOnly: boolean;
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

  /** Takes an event; returns whether there is something to send now. */
  add(entry: Entry): boolean {
    if (this.overflowed || !this.wants(entry)) return false;
    this.queue.push(entry);
    this.bytes += entry.bytes;
    const isBehind = !this.started || this.outlet.congested;
    if (this.bytes > (isBehind ? MAX_WAITING_BYTES : MAX_AT_ONCE_BYTES)) this.overflow();
    return true;
  }

  /** Begins with what was missed: the history keeps it anyway, so that however much it is costs no more memory. */
  catchUp(missed: readonly Entry[]): void {
    this.queue = missed.filter((entry) => this.wants(entry));
    let bytes = 0;
    for (const entry of this.queue) bytes += entry.bytes;
    if (bytes > MAX_AT_ONCE_BYTES) this.overflow();
  }

  overflow(): void {
    this.queue = [];
    this.bytes = 0;
    this.overflowed = true;
  }
}

export class Events {
  readonly #epoch: string;
  readonly #watched: Watched;
  readonly #turns: Turns;
  readonly #failed: (error: unknown) => void;
  readonly #history: Entry[] = [];
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #byOutlet = new Map<Outlet, Set<Subscription>>();
  /** Those that something may have come for. */
  readonly #dirty = new Set<Subscription>();
  #sequence = 0;
  /** Where the history stood when a problem went away. */
  #recoveredAt: number | undefined;
  #count = 0;
  #flushScheduled = false;

  /** @param failed is told of what cannot be sent; whoever should have got it is cut off, and comes back for all of it */
  constructor(epoch: string, watched: Watched, turns: Turns, failed: (error: unknown) => void) {
    this.#epoch = epoch;
    this.#watched = watched;
    this.#turns = turns;
    this.#failed = failed;
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
      const active =
        isActivation && change.active !== null ? this.#watched.registry.get(change.active) : undefined;
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

  /** A problem of the file came, changed or went. */
  problem(): void {
    if (!this.#watched.problem) this.#recoveredAt = this.#sequence;
    this.#add(...this.#condition());
  }

  /** The daemon drains: everybody is told, and sent what can be sent. */
  shutdown(): void {
    const event = { type: 'shutdown', origin: 'rpc', at: timestampOf(Date.now()) };
    this.#add(() => JSON.stringify(event), []);
    for (const subscription of this.#dirty) this.#send(subscription);
  }

  /**
   * Begins a subscription; nothing goes out before {@link Events.start}.
   *
   * @throws {RegistryError} `cursor_expired`
   */
  watch(outlet: Outlet, options: WatchOptions): { subscription: string; cursor: string } {
    if ((this.#byOutlet.get(outlet)?.size ?? 0) >= MAX_SUBSCRIPTIONS) {
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
    subscription.catchUp(missed);
    // Problems are not in the history: what holds now is told in their place. A snapshot has it with it.
    const { cursor } = options;
    const hasMissed =
      cursor !== undefined && this.#recoveredAt !== undefined && sequenceOf(cursor) <= this.#recoveredAt;
    if (cursor !== undefined && (this.#watched.problem || hasMissed)) {
      subscription.add(new Entry(...this.#condition(), false, this.#sequence));
    }
    // A peer that left while its request waited for its turn will not be heard of again.
    if (!outlet.closed) this.#keep(subscription);
    return { subscription: subscription.id, cursor: cursor ?? this.cursor };
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
    const subscription = this.#subscriptions.get(id);
    if (subscription?.outlet !== outlet) {
      throw new InvalidParamsError([{ path: 'subscription', message: 'is not one of this connection' }]);
    }
    this.#forget(subscription);
  }

  /** The connection has ended. */
  disconnect(outlet: Outlet): void {
    for (const subscription of this.#byOutlet.get(outlet) ?? []) this.#forget(subscription);
  }

  /** The connection can take more. */
  resume(outlet: Outlet): void {
    for (const subscription of this.#byOutlet.get(outlet) ?? []) this.#send(subscription);
  }

  #keep(subscription: Subscription): void {
    const { id, outlet } = subscription;
    this.#subscriptions.set(id, subscription);
    const others = this.#byOutlet.get(outlet);
    if (others) others.add(subscription);
    else this.#byOutlet.set(outlet, new Set([subscription]));
  }

  #forget(subscription: Subscription): void {
    const { id, outlet } = subscription;
    this.#subscriptions.delete(id);
    this.#dirty.delete(subscription);
    const others = this.#byOutlet.get(outlet);
    others?.delete(subscription);
    if (others?.size === 0) this.#byOutlet.delete(outlet);
  }

  /** The event that says what is wrong with the file, or that nothing is. */
  #condition(): [write: () => string, projectIds: readonly string[]] {
    const { problem, readOnly } = this.#watched;
    const at = timestampOf(Date.now());
    const event = problem
      ? { type: 'problem', problem, read_only: readOnly, origin: 'file', at }
      : { type: 'recovered', origin: 'file', at };
    return [() => jsonText(event), []];
  }

  #add(write: () => string, projectIds: readonly (string | null)[], isProgress = false): Entry {
    const entry = new Entry(write, projectIds, isProgress, this.#sequence);
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.add(entry)) this.#dirty.add(subscription);
    }
    this.#scheduleFlush();
    return entry;
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#dirty.size === 0) return;
    this.#flushScheduled = true;
    // After the answers of the callers whose changes these are.
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushScheduled = false;
    for (const subscription of this.#dirty) {
      this.#dirty.delete(subscription);
      this.#send(subscription);
      if (this.#dirty.size === 0 || !this.#turns.isOver) continue;
      // Sixty thousand subscriptions take a while.
      this.#flushScheduled = true;
      this.#turns.whenNext(() => this.#flush());
      return;
    }
  }

  #send(subscription: Subscription): void {
    const { outlet } = subscription;
    if (!subscription.started || outlet.congested) return;
    try {
      const text = subscription.overflowed ? this.#takeResync(subscription) : this.#takeQueue(subscription);
      if (text !== null) outlet.send(text);
    } catch (error) {
      this.#failed(error);
      this.#forget(subscription);
      outlet.close();
    }
  }

  #takeResync(subscription: Subscription): string {
    const text = this.#notification(subscription.id, this.#sequence, this.#resync(subscription.options));
    subscription.overflowed = false;
    return text;
  }

  #takeQueue(subscription: Subscription): string | null {
    const { id, queue } = subscription;
    const last = queue.at(-1);
    if (!last) return null;
    subscription.queue = [];
    subscription.bytes = 0;
    return this.#notification(id, last.sequence, queue.map(({ json }) => json).join(','));
  }

  #notification(id: string, sequence: number, events: string): string {
    const cursor = this.#cursorAt(sequence);
    return `{"jsonrpc":"2.0","method":"registry.event","params":{"subscription":"${id}","cursor":"${cursor}","events":[${events}]}}`;
  }

  #resync({ projectId }: WatchOptions): string {
    const at = timestampOf(Date.now());
    return `{"type":"resync",${snapshotJson(this.#watched, projectId)},"origin":"rpc","at":"${at}"}`;
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

function sequenceOf(cursor: string): number {
  return Number(cursor.slice(cursor.lastIndexOf(':') + 1));
}

/** What a subscription begins with, and what a resync says, as the members of a JSON object. */
export function snapshotJson({ registry, problem, readOnly }: Watched, projectId?: string): string {
  const projects = projectId === undefined ? registry.projects() : [registry.get(projectId)];
  const json = Array.from(projects, (project) => project && wireJson(project)).filter(Boolean);
  const active = JSON.stringify(registry.active);
  return `"projects":[${json.join(',')}],"active_project":${active},"problem":${jsonText(problem)},"read_only":${readOnly}`;
}
