/** Who is told of changes, and when. */
import type { WireProject } from '../../domain/encoding.ts';
import { InvalidParamsError } from '../../domain/errors.ts';
import { timestampOf } from '../../domain/values/time.ts';
import { MAX_SUBSCRIPTIONS } from '../../protocol/limits.ts';
import type { RawJson } from '../../protocol/wire.ts';
import type { Commit } from '../../store/state.ts';
import type { Turns } from '../../system/turns.ts';
import { conditionText, eventText, resyncText, type Watched } from './event-text.ts';
import { Entry, History } from './history.ts';
import { type Outlet, Subscription, type WatchOptions } from './subscription.ts';

export class Feed {
  readonly #epoch: string;
  readonly #watched: Watched;
  readonly #turns: Turns;
  readonly #failed: (error: unknown) => void;
  readonly #history: History;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #byOutlet = new Map<Outlet, Set<Subscription>>();
  /** Those that something may have come for. */
  readonly #dirty = new Set<Subscription>();
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
    this.#history = new History(epoch);
  }

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Where the history stands: `<epoch>:<sequence>`. */
  get cursor(): string {
    return this.#history.cursor();
  }

  /** A durable step of the registry. */
  committed(commit: Commit): void {
    for (const entry of this.#history.add(commit, this.#watched)) this.#publish(entry);
  }

  /** A report of a trainer, for those who asked for progress. */
  progress(project_id: string, project: RawJson<WireProject>, at: string): void {
    const write = () => eventText({ type: 'progress', project_id, project, origin: 'rpc', at });
    this.#publish(new Entry(write, this.#history.sequence, [project_id], true));
  }

  /** A problem of the file came, changed or went. */
  problem(): void {
    if (!this.#watched.problem) this.#recoveredAt = this.#history.sequence;
    this.#publish(this.#condition());
  }

  /** The daemon drains: everybody is told, and sent what can be sent. */
  shutdown(): void {
    const text = eventText({ type: 'shutdown', origin: 'rpc', at: now() });
    this.#publish(new Entry(() => text, this.#history.sequence));
    for (const subscription of this.#dirty) this.#send(subscription);
  }

  /**
   * Begins a subscription; nothing goes out before {@link Feed.start}.
   *
   * @throws {RegistryError} `cursor_expired`
   */
  watch(outlet: Outlet, options: WatchOptions): { subscription: string; cursor: string } {
    if ((this.#byOutlet.get(outlet)?.size ?? 0) >= MAX_SUBSCRIPTIONS) {
      const message = `a connection has at most ${MAX_SUBSCRIPTIONS} subscriptions; end one with registry.unwatch`;
      throw new InvalidParamsError([{ path: '', message }]);
    }
    const { cursor } = options;
    const missed = cursor === undefined ? [] : this.#history.after(cursor);
    this.#count += 1;
    // With the epoch: a client that goes on after a restart must not take what is for a new subscription, or end it,
    // for one of the daemon before.
    const subscription = new Subscription(`s${this.#count}-${this.#epoch}`, outlet, options);
    subscription.catchUp(missed);
    // Problems are not in the history: what holds now is told in their place. A snapshot has it with it.
    const leftAt = this.#history.sequence - missed.length;
    const missedRecovery = this.#recoveredAt !== undefined && leftAt <= this.#recoveredAt;
    if (cursor !== undefined && (this.#watched.problem || missedRecovery))
      subscription.add(this.#condition());
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
  #condition(): Entry {
    const text = conditionText(this.#watched, now());
    return new Entry(() => text, this.#history.sequence);
  }

  #publish(entry: Entry): void {
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.add(entry)) this.#dirty.add(subscription);
    }
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
      const text = subscription.overflowed ? this.#resync(subscription) : this.#waiting(subscription);
      if (text !== null) outlet.send(text);
    } catch (error) {
      this.#failed(error);
      this.#forget(subscription);
      outlet.close();
    }
  }

  #resync(subscription: Subscription): string {
    const events = resyncText(this.#watched, subscription.options.projectId, now());
    const text = this.#notification(subscription.id, this.#history.sequence, events);
    subscription.overflowed = false;
    return text;
  }

  #waiting(subscription: Subscription): string | null {
    const queue = subscription.take();
    const last = queue.at(-1);
    if (!last) return null;
    return this.#notification(subscription.id, last.sequence, queue.map(({ json }) => json).join(','));
  }

  #notification(id: string, sequence: number, events: string): string {
    const cursor = this.#history.cursor(sequence);
    return `{"jsonrpc":"2.0","method":"registry.event","params":{"subscription":"${id}","cursor":"${cursor}","events":[${events}]}}`;
  }
}

function now(): string {
  return timestampOf(Date.now());
}
