/**
 * A machine whose power can be cut: a shell under strace, and whatever it starts. All of them are in one record, so
 * that what the daemon does and what others do to its files have one order.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { type Paths, resolvePaths } from '../../../src/paths.ts';
import { environment, temporaryDirectory } from '../../support/home.ts';
import type { LineClient } from '../../support/lines.ts';
import { until } from '../../support/until.ts';
import { connectTo, greet, PROGRAM } from '../support/gardenerd.ts';
import { type Event, parseEvents, RECORDED_CALLS } from './events.ts';

export class Machine {
  /** What of its disk is looked at. */
  readonly root: string;
  readonly paths: Paths;
  readonly #directory: string;
  readonly #strace: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #closed: Promise<unknown>;
  #daemon = 0;

  private constructor(directory: string) {
    this.#directory = directory;
    this.root = join(directory, 'disk');
    this.paths = resolvePaths({ dataDir: join(this.root, 'data') }, {});
    const record = ['-f', '--seccomp-bpf', '-y', '-xx', '-s', '10000000', '-o', join(directory, 'record')];
    this.#strace = spawn('strace', [...record, '-e', `trace=${RECORDED_CALLS}`, 'sh'], {
      env: { ...environment(directory), UV_USE_IO_URING: '0' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#closed = once(this.#strace, 'close');
    this.#lines = createInterface({ input: this.#strace.stdout as NodeJS.ReadableStream })[
      Symbol.asyncIterator
    ]();
    onTestFinished(async () => {
      if (this.#daemon !== 0) await this.stop('KILL');
      this.#strace.stdin?.end();
      await this.#closed;
    });
  }

  static async start(): Promise<Machine> {
    const machine = new Machine(await temporaryDirectory());
    await mkdir(join(machine.root, 'marks'), { recursive: true });
    return machine;
  }

  /** Runs a command in the shell; gives the line that it prints. */
  async run(command: string): Promise<string> {
    this.#strace.stdin?.write(`${command}\necho .\n`);
    const printed: string[] = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`the shell ended at: ${command}`);
      if (value === '.') return printed.join('\n');
      printed.push(value);
    }
  }

  /** Writes a name into the record. */
  async mark(name: string): Promise<void> {
    await this.run(`: > ${this.root}/marks/${name}`);
  }

  /** Starts a daemon and connects to it. */
  async boot(): Promise<LineClient> {
    const command = `'${process.execPath}' '${PROGRAM}' --data-dir '${this.paths.dataDir}'`;
    this.#daemon = Number(await this.run(`${command} </dev/null >/dev/null 2>/dev/null & echo $!`));
    await until(async () => (await greet(this.paths.socket)) === this.#daemon, 'the daemon answers');
    return await connectTo(this.paths.socket);
  }

  /** Ends the daemon and waits until it is gone. */
  async stop(signal: 'TERM' | 'KILL'): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = 0;
    await this.run(`kill -${signal} ${daemon}; wait ${daemon} 2>/dev/null`);
  }

  /** Ends everything; gives what happened to its disk. What the socket and the log need is no part of it. */
  async record(): Promise<Event[]> {
    await this.stop('KILL');
    this.#strace.stdin?.end();
    await this.#closed;
    const { runDir, logFile } = this.paths;
    return parseEvents(await readFile(join(this.#directory, 'record'), 'utf8'), {
      root: this.root,
      marks: join(this.root, 'marks'),
      ignored: [runDir, join(logFile, '..')],
    });
  }
}
