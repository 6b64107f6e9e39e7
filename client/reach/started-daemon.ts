/** A daemon that this process has started, until it is known whether it comes up. */
import type { ChildProcess } from 'node:child_process';
import { notedPid } from '../../src/claim/killed-process.ts';
import type { Paths } from '../../src/paths.ts';
import { errorCode } from '../../src/system/errors.ts';
import { LifeSigns } from './life-signs.ts';

/** How often one looks whether it moves, in milliseconds; a usual start is over by then. */
const LOOK_EVERY_MS = 500;
/** How long one that was told to end has for it, before it is looked whether it serves, in milliseconds. */
const END_MS = 1_000;

/** Why somebody waits for it no more: they were told to stop, or their time is up. */
export type Leaving = 'aborted' | 'late';

/** One that waits: whether somebody answers on its socket, and how long it may stand still, in milliseconds. */
export interface Waiter {
  readonly stillMs: number;
  serves(): Promise<boolean>;
}

/** Those that are not known to be up yet. */
const pending = new Set<StartedDaemon>();

export class StartedDaemon {
  /** Settled when the process has ended or could not be started. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #socket: string;
  readonly #waiters = new Set<Waiter>();
  #state: StartedDaemon['state'] = 'running';
  readonly #signs: LifeSigns | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isLeft = false;
  #isEnding = false;

  /**
   * @param log what it writes to
   * @param lastWords what it has said in there, once it has ended
   */
  constructor(
    child: ChildProcess,
    { socket }: Pick<Paths, 'socket'>,
    log: string,
    lastWords: () => string | undefined,
  ) {
    this.#child = child;
    this.#socket = socket;
    if (child.pid !== undefined) {
      this.#signs = new LifeSigns(child.pid, log);
      this.#timer = setInterval(() => this.#signs?.stillFor(), LOOK_EVERY_MS).unref();
      if (pending.size === 0) process.on('exit', endPending);
      pending.add(this);
    }
    this.ended = new Promise((resolve) => {
      const end = (state: StartedDaemon['state']): void => {
        this.#state = state;
        this.#settle();
        resolve();
      };
      child.once('error', ({ message }) => end({ failure: message }));
      child.once('exit', (code, signal) =>
        end(code === 0 ? 'gave_way' : { failure: lastWords() ?? `it ended with ${signal ?? code}` }),
      );
    });
  }

  /** `running`; `gave_way` after exit 0, which says that another daemon lives; otherwise why it ended. */
  get state(): 'running' | 'gave_way' | { readonly failure: string } {
    return this.#state;
  }

  /** It has not been up yet, and may be: one that was, and is lost, is nobody's to wait for. */
  get isComing(): boolean {
    return pending.has(this) && !this.#isEnding;
  }

  /** Of all in this process that wait for it, the last one to leave decides. */
  join(waiter: Waiter): void {
    this.#isLeft = false;
    this.#waiters.add(waiter);
  }

  /** A daemon answers: this one, or another one that this one gives way to. */
  succeeded(): void {
    this.#waiters.clear();
    this.#settle();
  }

  /**
   * Somebody waits no more, and has nothing. Unless others wait, it is ended: where the time is up, only if it stands
   * still, as otherwise a machine that takes longer than anybody waits would never get a daemon.
   *
   * @returns what becomes of it: it is left to come up, or ended; undefined where that has been decided before
   */
  leave(waiter: Waiter, why: Leaving): 'coming' | 'ended' | undefined {
    if (!this.#waiters.delete(waiter) || !pending.has(this)) return undefined;
    if (this.#waiters.size > 0) return 'coming';
    if (why === 'late' && this.#moves(waiter)) {
      this.#watchOver(waiter);
      return 'coming';
    }
    this.#end(waiter);
    return 'ended';
  }

  /** For a process that ends: whatever has not been seen to serve is ended at once. */
  endNow(why: Leaving): void {
    const [waiter] = this.#waiters;
    if (this.#isLeft || (why === 'late' && waiter && this.#moves(waiter))) return;
    this.#ask();
    // What has no socket serves nobody.
    if (!isBound(this.#socket)) this.#signal('SIGKILL');
  }

  #moves({ stillMs }: Waiter): boolean {
    return this.#signs !== undefined && this.#signs.stillFor() < stillMs;
  }

  /** As long as this process lives, which waits for nothing of it. */
  #watchOver(waiter: Waiter): void {
    this.#isLeft = true;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      if (this.#waiters.size === 0 && !this.#moves(waiter)) this.#end(waiter);
    }, LOOK_EVERY_MS).unref();
  }

  /** Ends it, unless it turns out to serve. The process waits for that; nobody's error does. */
  #end(waiter: Waiter): void {
    clearInterval(this.#timer);
    this.#isLeft = false;
    this.#isEnding = true;
    this.#ask();
    this.#timer = setTimeout(() => {
      void waiter.serves().then((serves) => {
        if (!serves && pending.has(this)) this.#signal('SIGKILL');
        this.#settle();
      });
    }, END_MS);
  }

  /**
   * A daemon that serves takes no notice of a terminal that closes; one that does not yet is ended by it. SIGTERM would
   * also end one that has just become everybody's.
   */
  #ask(): void {
    this.#signal('SIGHUP');
    // One that is stopped hears it only when it goes on.
    this.#signal('SIGCONT');
  }

  /** To its group, which it leads: a script in its place has the daemon below it. */
  #signal(name: NodeJS.Signals): void {
    if (this.#state !== 'running' || this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, name);
    } catch (error) {
      // Only its entry is left, of which macOS says EPERM.
      if (errorCode(error) === undefined) throw error;
    }
  }

  #settle(): void {
    clearInterval(this.#timer);
    if (!pending.delete(this)) return;
    if (pending.size === 0) process.off('exit', endPending);
  }
}

function endPending(): void {
  endStarts('aborted');
}

/** Ends what is being started: called where this process is about to end by a signal; `process.exit` does without. */
export function endStarts(why: Leaving): void {
  for (const daemon of pending) daemon.endNow(why);
}

/** Whether somebody has the socket, and is there. */
function isBound(socket: string): boolean {
  try {
    const pid = notedPid(socket);
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    // The process that noted itself has ended.
    return false;
  }
}
