/** Processes of a measurement: servers that are up once they listen, and loads that begin together. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Server } from './contenders/contender.ts';

/** The command that keeps a process on one processor, where there is one. */
function bound(core: number | undefined): string[] {
  return core === undefined || !hasTaskset ? [] : ['taskset', '-c', String(core)];
}

export const hasTaskset = spawnSync('taskset', ['--version']).status === 0;

/** Starts a server, and resolves once its socket takes connections. */
export async function startServer(
  command: readonly string[],
  socket: string,
  core?: number,
): Promise<Server & { pid: number }> {
  const [program = '', ...args] = [...bound(core), ...command];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(child, 'exit');
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${command.join(' ')}`);
  while (!(await listens(socket))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${command.join(' ')} ended`);
    await pause(1);
  }
  return {
    pid,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function listens(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const attempt = createConnection(socket);
    attempt.once('connect', () => {
      attempt.destroy();
      resolve(true);
    });
    attempt.once('error', () => resolve(false));
  });
}

/** A process that does a part of the work when it is told to begin. */
export class LoadProcess<Work extends object, Result> {
  readonly #child: ChildProcess;
  readonly #ready: Promise<unknown>;

  constructor(program: string, work: Work, core?: number) {
    const [command, ...args] = [...bound(core), process.execPath, program];
    this.#child = spawn(command ?? process.execPath, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#ready = this.#message();
    this.#child.send(work);
  }

  /** Resolves when it is connected, and waits. */
  async ready(): Promise<void> {
    await this.#ready;
  }

  async run(): Promise<Result> {
    const result = this.#message();
    this.#child.send('begin');
    return (await result) as Result;
  }

  async ended(): Promise<void> {
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }

  #message(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('a load process ended without a result'));
      this.#child.once('exit', ended);
      this.#child.once('message', (message) => {
        this.#child.off('exit', ended);
        resolve(message);
      });
    });
  }
}

/** Runs a program to its end. Milliseconds. */
export function timeProcess(args: readonly string[], env: NodeJS.ProcessEnv = process.env): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} failed: ${stderr}`);
  return performance.now() - began;
}
