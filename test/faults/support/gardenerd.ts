/** The daemon as it is installed: a process of its own, which a test may end in any way. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Paths, resolvePaths } from '../../../src/paths.ts';
import { builtProgram } from '../../support/cli.ts';
import { environment, temporaryDirectory } from '../../support/home.ts';
import { LineClient } from '../../support/lines.ts';
import { until } from '../../support/until.ts';
import type { PrivateMount } from './mounts.ts';

export const PROGRAM = builtProgram('gardenerd.js');

export interface StartOptions {
  /** The data directory; a new one by default. */
  readonly dataDir?: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** How many files it may open. */
  readonly maxFiles?: number;
  /** Where the data directory is, if it is on a file system of its own. */
  readonly mount?: PrivateMount;
  /** The beginning of the command, for a daemon in a namespace that has the same data directory. */
  readonly enter?: readonly string[];
  /** A file system that it sees, and does not keep its data on. */
  readonly beside?: PrivateMount;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Gardenerd {
  readonly paths: Paths;
  readonly process: ChildProcess;
  /** What it printed on stderr so far. */
  stderr = '';
  /** Resolves when the process is gone. */
  readonly ended: Promise<Ended>;
  #ended: Ended | null = null;

  /** Starts the program and does not wait for anything; whatever is still running when the test is over is killed. */
  constructor(
    dataDir: string,
    {
      args = [],
      env = {},
      maxFiles,
      mount,
      beside,
      enter = (mount ?? beside)?.enter ?? [],
    }: StartOptions = {},
  ) {
    const limit = maxFiles === undefined ? [] : ['sh', '-c', `ulimit -n ${maxFiles} && exec "$@"`, 'sh'];
    const command = [...enter, ...limit, process.execPath, PROGRAM, '--data-dir', dataDir, ...args];
    this.process = spawn(String(command[0]), command.slice(1), {
      env: { ...environment(dataDir), ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.paths = resolvePaths({ dataDir: mount?.outside(dataDir) ?? dataDir }, {});
    this.process.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((resolve, reject) => {
      this.process.once('error', reject);
      this.process.once('close', (code, signal) => {
        this.#ended = { code, signal };
        resolve(this.#ended);
      });
    });
    onTestFinished(() => this.kill());
  }

  get pid(): number {
    const { pid } = this.process;
    if (pid === undefined) throw new Error('the daemon could not be started');
    return pid;
  }

  get isRunning(): boolean {
    return this.#ended === null;
  }

  /** Waits until this very process answers; its answer also says that it has read its file. */
  async ready(): Promise<this> {
    await until(async () => {
      if (this.#ended) throw new Error(`the daemon ended: ${JSON.stringify(this.#ended)} ${this.stderr}`);
      return (await greet(this.paths.socket)) === this.pid;
    }, `process ${this.pid} answers at ${this.paths.socket}`);
    return this;
  }

  async connect(): Promise<LineClient> {
    const client = await connectTo(this.paths.socket);
    onTestFinished(() => void client.socket.destroy());
    return client;
  }

  signal(signal: NodeJS.Signals): void {
    // Not by its id, which it may have lost since it ended.
    this.process.kill(signal);
  }

  async kill(): Promise<void> {
    if (this.process.pid === undefined) return;
    this.signal('SIGKILL');
    await this.ended;
  }

  /** Asks it to end and waits until it has. */
  async stop(): Promise<Ended> {
    this.signal('SIGTERM');
    return await this.ended;
  }

  /** What the process has in memory, in bytes. */
  async rss(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  /** How many descriptors it has open. */
  async descriptors(): Promise<number> {
    return (await readdir(`/proc/${this.pid}/fd`)).length;
  }
}

/** Starts a daemon and waits until it answers. */
export async function startGardenerd(options: StartOptions = {}): Promise<Gardenerd> {
  return await new Gardenerd(options.dataDir ?? (await temporaryDirectory()), options).ready();
}

/** A directory to register as a codebase, beside the data of a daemon. */
export async function codebase(dataDir: string): Promise<string> {
  const path = join(dataDir, 'src');
  await mkdir(path, { recursive: true });
  return path;
}

/** A codebase that every daemon can see, whatever is mounted for it. */
export const CODEBASE = '/';

/** Connects; unlike the shared helper it leaves no trace in the test's context, so that thousands may come and go. */
export async function connectTo(path: string): Promise<LineClient> {
  const socket = createConnection(path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return new LineClient(socket);
}

/** The pid of whoever answers at a socket; null when nobody does. */
export async function greet(path: string): Promise<number | null> {
  try {
    const client = await connectTo(path);
    try {
      return Number((await client.call('daemon.hello', {}))['pid']);
    } finally {
      client.socket.destroy();
    }
  } catch {
    // Absent, refused, or closed before it answered: nobody is there yet.
    return null;
  }
}
