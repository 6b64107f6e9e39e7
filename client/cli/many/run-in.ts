/** A command in the directory of a project, as if somebody had gone there and typed it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants, stat } from 'node:fs/promises';
import { isatty } from 'node:tty';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { isNowhere, systemReason } from '../../../src/system/errors.ts';
import { answers } from '../../codebase/disk-answer.ts';
import type { Context } from '../context.ts';
import { PROJECT_VARIABLE } from '../projects/resolve.ts';
import { placeVariables } from '../train/environment.ts';

/** How it ended; one of the two is null. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Those that are meant for the command and for whatever would come after it. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs commands one after the other, until a signal ends it. */
export class Runner {
  /** The signal that ended it; nothing more is to be run. */
  interruption: NodeJS.Signals | undefined;
  readonly #ctx: Context;
  readonly #handlers: readonly (readonly [NodeJS.Signals, () => void])[];
  #child: ChildProcess | undefined;

  constructor(ctx: Context) {
    this.#ctx = ctx;
    ctx.host.leaveSignals();
    this.#handlers = ENDING.filter((name) => !ctx.host.ignoredSignals.has(name)).map((name) => [
      name,
      () => this.#interrupt(name),
    ]);
    for (const [name, handler] of this.#handlers) process.on(name, handler);
  }

  /**
   * Runs a command to its end; it has the streams of this process, but for standard output where that is a document's.
   *
   * @throws the system's ENOENT, EACCES and the like when there is no such program
   */
  async run([program = '', ...args]: readonly string[], project: WireProject): Promise<Ended> {
    const { host, json, location } = this.#ctx;
    const { project_id: id, source_path: directory } = project;
    const child = spawn(program, args, {
      cwd: directory,
      // A shell would set it as it goes there, and programs take the links in their path from it.
      env: { ...host.env, ...placeVariables(location), PWD: directory, [PROJECT_VARIABLE]: id },
      stdio: ['inherit', json ? 2 : 1, 'inherit'],
    });
    this.#child = child;
    try {
      const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
      return { code, signal };
    } finally {
      this.#child = undefined;
    }
  }

  close(): void {
    for (const [name, handler] of this.#handlers) process.off(name, handler);
  }

  #interrupt(name: NodeJS.Signals): void {
    this.interruption ??= name;
    // A terminal sends Ctrl-C to the command, too, which would take a second one for impatience.
    if (name !== 'SIGINT' || ![0, 1, 2].some((stream) => isatty(stream))) this.#child?.kill(name);
  }
}

/** Why nothing can be run in a directory; undefined where it can. */
export async function faultOf(ctx: Context, directory: string): Promise<string | undefined> {
  const shown = ctx.shortPath(directory);
  if (!(await answers(directory))) return `the disk of ${shown} does not answer`;
  try {
    if (!(await stat(directory)).isDirectory()) return `${shown} is no directory`;
    await access(directory, constants.X_OK);
    return undefined;
  } catch (error) {
    return isNowhere(error) ? `${shown} is gone` : `cannot go to ${shown}: ${systemReason(error)}`;
  }
}
