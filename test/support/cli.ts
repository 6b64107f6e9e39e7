/** The built command line as a process, in a home of its own, with whatever daemon it starts. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject, onTestFinished } from 'vitest';
import { endDaemon } from './end-daemon.ts';
import { environment, temporaryDirectory } from './home.ts';

export interface Finished {
  /** Null after a signal. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Default the home directory. */
  readonly cwd?: string;
  /** Added to what a home needs. */
  readonly env?: NodeJS.ProcessEnv;
  /** Given on standard input, which then ends; null leaves it to the test. */
  readonly input?: string | null;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  /** What it has written so far. */
  readonly output: { readonly stdout: string; readonly stderr: string };
  readonly finished: Promise<Finished>;
}

export interface CommandLine {
  readonly home: string;
  readonly dataDir: string;
  /** Runs `gardener` to its end. */
  run(words: readonly string[], options?: RunOptions): Promise<Finished>;
  /** Runs `gardener --json`, which must succeed, and gives its document. */
  json(words: readonly string[], options?: RunOptions): Promise<unknown>;
  /** Starts `gardener`; ended with the test. */
  start(words: readonly string[], options?: RunOptions): Running;
  /** Makes files below the home directory, and gives the path of the first directory named. */
  codebase(name: string, files: Readonly<Record<string, string>>): Promise<string>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The built program; `GARDENER_DIST` names another build, such as an installed package's. */
export function builtProgram(name: 'gardener.js' | 'gardenerd.js'): string {
  const other = process.env['GARDENER_DIST'];
  const stale = inject('staleBuild');
  if (other === undefined && stale !== '') throw new Error(stale);
  const program = join(resolve(root, other ?? 'dist'), name);
  if (!existsSync(program)) throw new Error(`${program} is missing; npm run build makes it`);
  return program;
}

/** A command line with a home of its own. When the test is over its daemon is stopped. */
export async function commandLine(): Promise<CommandLine> {
  const program = builtProgram('gardener.js');
  const home = await temporaryDirectory();
  const launch = (words: readonly string[], options: RunOptions = {}): Running =>
    launchProgram([program, ...words], {
      cwd: home,
      ...options,
      env: { ...environment(home), ...options.env },
    });
  const start = (words: readonly string[], options?: RunOptions): Running => {
    const running = launch(words, options);
    onTestFinished(async () => {
      const { child, finished } = running;
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await finished;
    });
    return running;
  };
  const run = (words: readonly string[], options?: RunOptions) => start(words, options).finished;
  const dataDir = join(home, '.codebase-gardener');
  onTestFinished(() => endDaemon(dataDir));
  return {
    home,
    dataDir,
    run,
    start,
    async json(words, options) {
      const { code, stdout, stderr } = await run([...words, '--json'], options);
      if (code !== 0) throw new Error(`gardener ${words.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
    async codebase(name, files) {
      const directory = join(home, name);
      await mkdir(directory, { recursive: true });
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(directory, path)), { recursive: true });
        await writeFile(join(directory, path), text);
      }
      return directory;
    },
  };
}

function launchProgram(words: readonly string[], { cwd, env, input }: RunOptions): Running {
  const child = spawn(process.execPath, words, { cwd, env });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  // A program that ends without reading its input breaks the pipe; that is its business.
  child.stdin.on('error', () => undefined);
  if (input !== null) child.stdin.end(input);
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  return { child, output, finished };
}
