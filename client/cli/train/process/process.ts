/** A trainer's process, in a session of its own, so that all that it starts can be ended with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { BoundedLines } from './bounded-lines.ts';
import { type Outlet, passOn, type Terminals } from './passage.ts';
import { makePipes, type Pipe } from './pipes.ts';
import { makeTerminal, type PseudoTerminal } from './pseudo-terminal.ts';
import { groupsOf } from './session.ts';
import { Tail } from './tail.ts';
import { Watchdog } from './watchdog.ts';

/** How it ended; one of the two is null. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface TrainerOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Where its standard output goes: to that of this process, or to its standard error. */
  readonly stdout: 1 | 2;
  /** Writes it, where that is a terminal. */
  readonly terminals: Terminals;
  /** What it writes to standard output and standard error. */
  readonly printed: (bytes: Buffer) => void;
  /** Nothing can be told of its standard output, which is a terminal that it has to itself. */
  readonly unseen: () => void;
  /** A line of its progress descriptor; undefined for one that was too long to be any. */
  readonly heard: (line: string | undefined) => void;
}

/** What a trainer that was told to end has for ending, in milliseconds. */
export const TERM_MS = 10_000;
/** The same where its lease is lost: somebody else may be training the project already. Milliseconds. */
export const LOST_MS = 2_000;
/** How long the rest of its output is waited for: a process that it left behind may hold it open. Milliseconds. */
const DRAIN_MS = 500;
/** How long what was written to a terminal may take to come out of it. Milliseconds. */
const TERMINAL_LAG_MS = 10;
/** How often to look whether all of a session is gone, which nobody tells. Milliseconds. */
const LOOK_EVERY_MS = 50;
/** How long what was killed is waited for: a process may be another user's, or stuck in a disk. Milliseconds. */
const KILLED_MS = 1_000;

export class Trainer {
  /** The last of what it wrote to standard error; complete once {@link Trainer.ended} is settled. */
  readonly tail = new Tail();
  /** Settled when it has ended and its output has been read. */
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #session: number;
  #groups: readonly number[];
  readonly #watchdog: Watchdog;
  readonly #terminal: PseudoTerminal | undefined;
  readonly #terminals: Terminals;
  readonly #passages: (() => Promise<void>)[] = [];
  #stopping: Promise<void> | undefined;
  #killAt = Infinity;

  private constructor(child: ChildProcess, watchdog: Watchdog, made: Made, options: TrainerOptions) {
    this.#child = child;
    this.#session = child.pid ?? 0;
    this.#groups = [this.#session];
    this.#watchdog = watchdog;
    const { errors, reports, output, terminal } = made;
    this.#terminal = terminal;
    const { printed, heard, stdout, terminals } = options;
    this.#terminals = terminals;
    const sources = [errors, reports, ...(output ? [output] : [])].map(({ source }) => source);
    // A pipe that breaks is closed, and that is all there is to know.
    for (const source of sources) source.on('error', () => undefined);
    const seen = (bytes: Buffer): void => {
      this.tail.push(bytes);
      printed(bytes);
    };
    if (output) this.#pass(output, outlet(stdout), printed, 'noticed');
    this.#pass(errors, process.stderr, seen, 'dropped');
    const lines = new BoundedLines(heard);
    reports.source.on('data', (bytes: Buffer) => lines.push(bytes)).once('close', () => lines.end());
    this.ended = this.#watchEnd(sources);
  }

  /**
   * Runs a program. What it prints is passed on, and the end of its standard error kept; descriptor 3 is for progress.
   * Until {@link Trainer.leave} it ends with this process, whatever ends that.
   *
   * @throws {LocalError} when there is no place for pipes, or no shell to watch over it
   * @throws the system's ENOENT, EACCES and the like when there is no such program
   */
  static async start(words: readonly string[], options: TrainerOptions): Promise<Trainer> {
    const [program = '', ...args] = words;
    const watchdog = await Watchdog.start(options.env);
    const made = await make(outlet(options.stdout)).catch((error: unknown) => {
      watchdog.dismiss();
      throw error;
    });
    const { errors, reports, output } = made;
    if (!output) options.unseen();
    const pipes = [errors, reports, ...(output ? [output] : [])];
    try {
      const child = spawn(program, args, {
        env: options.env,
        detached: true,
        stdio: ['inherit', output?.sink ?? options.stdout, errors.sink, reports.sink],
      });
      if (child.pid !== undefined) watchdog.guard(child.pid);
      await once(child, 'spawn');
      return new Trainer(child, watchdog, made, options);
    } catch (error) {
      for (const { source } of pipes) source.destroy();
      made.terminal?.end();
      watchdog.dismiss();
      throw error;
    } finally {
      for (const pipe of pipes) pipe.handOver();
    }
  }

  /** The person's terminal has another size: the trainer's has it, too, before it is told so. */
  async resized(): Promise<void> {
    await this.#terminal?.resize();
    this.signal('SIGWINCH');
  }

  /** Sends a signal to it and all that it started, as far as that has not left its session. */
  signal(name: NodeJS.Signals): void {
    this.#groups = groupsOf(this.#session, this.#groups);
    for (const group of this.#groups) send(group, name);
  }

  /**
   * Ends it and all that it started: asks, and kills what is left. Resolves when nothing is left.
   *
   * @param patience before it is killed, in milliseconds; of several calls the most impatient counts
   */
  stop(patience: number): Promise<void> {
    this.#killAt = Math.min(this.#killAt, performance.now() + patience);
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** What is left of it may run on without this process. */
  leave(): void {
    this.#watchdog.dismiss();
  }

  async #stop(): Promise<void> {
    this.signal('SIGTERM');
    // One that was suspended hears it only when it goes on.
    this.signal('SIGCONT');
    while (this.#isThere()) {
      if (performance.now() > this.#killAt) {
        await this.#kill();
        break;
      }
      await pause(LOOK_EVERY_MS);
    }
    await this.ended;
  }

  /** Again and again: what has just been put into a group of its own was in none of those that were seen. */
  async #kill(): Promise<void> {
    const until = performance.now() + KILLED_MS;
    do {
      this.signal('SIGKILL');
      if (this.#groups.length === 0) return;
      await pause(LOOK_EVERY_MS);
    } while (performance.now() < until);
  }

  /** Whether anybody is left. Looks at all processes only when no group is there that was. */
  #isThere(): boolean {
    if (this.#groups.some((group) => send(group, 0))) return true;
    this.#groups = groupsOf(this.#session, this.#groups);
    return this.#groups.length > 0;
  }

  async #watchEnd(sources: readonly Socket[]): Promise<Ended> {
    const [code, signal] = (await once(this.#child, 'exit')) as [number | null, NodeJS.Signals | null];
    // A session that is empty has a number that may be another's soon.
    if (!this.#isThere()) this.#watchdog.dismiss();
    this.#terminal?.end();
    for (const finish of this.#passages) void finish();
    const patience = new AbortController();
    await Promise.race([
      Promise.all(sources.map(whenClosed)).then(() => this.#terminals.written),
      pause(DRAIN_MS, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
    for (const source of sources) source.destroy();
    return { code, signal };
  }

  #pass({ source }: Pipe, to: Outlet, seen: (bytes: Buffer) => void, unread: 'noticed' | 'dropped'): void {
    const terminals = this.#terminals;
    // What it wrote to its terminal before has a longer way.
    const lag = this.#terminal && unread === 'dropped' ? TERMINAL_LAG_MS : undefined;
    this.#passages.push(passOn(source, to, { seen, unread, terminals, lag }));
  }
}

/** What a trainer writes to. */
interface Made {
  readonly errors: Pipe;
  readonly reports: Pipe;
  /** Undefined where it has the person's terminal to itself. */
  readonly output: Pipe | undefined;
  /** The same as `output` where that is a terminal. */
  readonly terminal?: PseudoTerminal | undefined;
}

/** @throws {LocalError} when there is no place for pipes */
async function make(to: Outlet): Promise<Made> {
  if (!to.isTTY) return await makePipes('errors', 'reports', 'output');
  const [pipes, terminal] = await Promise.all([makePipes('errors', 'reports'), makeTerminal(to)]);
  return { ...pipes, output: terminal, terminal };
}

function outlet(number: 1 | 2): Outlet {
  return number === 1 ? process.stdout : process.stderr;
}

/** Whether anybody in a group could be sent a signal. */
function send(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, name);
  } catch (error) {
    // Nobody is left, or it is another user's; macOS says that also when only its entry waits to be collected.
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

function whenClosed(source: Socket): Promise<void> {
  if (source.closed) return Promise.resolve();
  return new Promise((resolve) => source.once('close', () => resolve()));
}
