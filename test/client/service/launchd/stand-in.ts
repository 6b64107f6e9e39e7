/** A stand-in for launchd with a home of its own; see launchd.py for what it knows. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type CommandLine, commandLine, type Finished, type RunOptions } from '../../../support/cli.ts';
import { temporaryDirectory } from '../../../support/home.ts';

const LABEL = 'dev.codebase-gardener.registry';

export interface Settings {
  /** What seconds of the property list are multiplied by. */
  readonly scale?: number;
  /** Whether somebody is logged in at the screen. */
  readonly gui?: boolean;
  /** The next calls of a verb that are to fail, each with its code. */
  readonly fail?: readonly (readonly [verb: string, code: number])[];
}

/** What `gardener service status --json` says. */
export interface Status {
  readonly manager: string;
  readonly installed: boolean;
  readonly enabled: boolean;
  readonly loaded: boolean;
  readonly running: boolean;
  readonly pid: number | null;
  readonly last_exit: number | null;
  readonly file: string;
  readonly problems: readonly {
    readonly check: string;
    readonly message: string;
    readonly remedy?: string;
  }[];
}

export interface StandIn extends Omit<CommandLine, 'json'> {
  readonly plist: string;
  readonly target: string;
  readonly env: NodeJS.ProcessEnv;
  /** Runs `gardener`, which must succeed, and gives what it printed. */
  gardener(...words: string[]): Promise<string>;
  /** Runs `gardener service ... --manager launchd`. */
  service(...words: string[]): Promise<Finished>;
  status(): Promise<Status>;
  /** Runs launchctl. */
  launchctl(...words: string[]): Promise<Finished>;
  /** What launchctl was asked so far, oldest first; the list is then begun anew. */
  calls(): Promise<string[]>;
  settings(settings: Settings): Promise<void>;
  /** Ends the session and begins another one. */
  logInAgain(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('launchd.py', import.meta.url));

export async function standInLaunchd(first: Settings = {}): Promise<StandIn> {
  const line = await commandLine();
  const { home } = line;
  const directory = await temporaryDirectory();
  const bin = join(directory, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'launchctl'), `#!/bin/sh\nexec '${python()}' -IS '${PROGRAM}' ask "$@"\n`, {
    mode: 0o755,
  });
  const env = { PATH: `${bin}:${process.env['PATH']}`, STAND_IN_LAUNCHD: directory };
  const settings = (given: Settings): Promise<void> =>
    writeFile(join(directory, 'settings.json'), JSON.stringify({ home, ...given }));
  await settings(first);
  let logOut = await logIn(directory);
  // Before the command line looks for a daemon that it would have to stop.
  onTestFinished(() => logOut());

  const run = (words: readonly string[], options: RunOptions = {}) =>
    line.run(words, { ...options, env: { ...env, ...options.env } });
  const service = (...words: string[]) => run(['service', ...words, '--manager', 'launchd']);
  return {
    ...line,
    plist: join(home, 'Library', 'LaunchAgents', `${LABEL}.plist`),
    target: `gui/${process.getuid?.()}/${LABEL}`,
    env,
    run,
    service,
    settings,
    async gardener(...words) {
      const { code, stdout, stderr } = await run(words);
      if (code !== 0) throw new Error(`gardener ${words.join(' ')} ended with ${code}: ${stderr}`);
      return stdout;
    },
    async status() {
      const { stdout, stderr } = await service('status', '--json');
      if (stdout === '') throw new Error(`there is no status: ${stderr}`);
      return JSON.parse(stdout) as Status;
    },
    launchctl: (...words) => execute(join(bin, 'launchctl'), words, { ...process.env, ...env }),
    async calls() {
      const file = join(directory, 'calls.log');
      const text = await readFile(file, 'utf8').catch(() => '');
      await writeFile(file, '');
      return text.split('\n').filter(Boolean);
    },
    async logInAgain() {
      await logOut();
      logOut = await logIn(directory);
    },
  };
}

let found: string | undefined;

/** Python itself: what is on PATH may be a script of a version manager, which takes its time. */
function python(): string {
  found ??= execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  return found;
}

/** Starts the stand-in; gives what ends it and all its jobs. */
async function logIn(directory: string): Promise<() => Promise<void>> {
  const child = spawn(python(), [PROGRAM, 'serve', directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', () => resolve());
    child.once('exit', () => reject(new Error('the stand-in for launchd did not start')));
  });
  return async () => {
    child.kill('SIGTERM');
    await ended;
  };
}

/** Runs a program to its end. */
export async function execute(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Finished> {
  const child = spawn(program, words, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...output }));
  });
}
