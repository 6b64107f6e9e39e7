/** A registry in which examples are tried, and what they leave there. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { INITIALIZE } from '../support/agent.ts';
import { builtProgram, type CommandLine } from '../support/cli.ts';
import { environment } from '../support/home.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

/** All projects by their names. */
export async function projects(cli: CommandLine): Promise<Record<string, Record<string, unknown>>> {
  const { projects: all } = (await cli.json(['ls'])) as {
    projects: (Record<string, unknown> & { name: string })[];
  };
  return Object.fromEntries(all.map((project) => [project.name, project]));
}

export type Shell = (command: string) => Promise<string>;

/** A shell in the home directory, which gives what a command prints once it has ended well. */
export function shell({ home }: CommandLine, env: NodeJS.ProcessEnv): Shell {
  return async (command) => (await run('sh', ['-c', command], { cwd: home, env })).stdout;
}

/**
 * An environment with gardener on the path, programs that train, which note how they were called, and one that starts the
 * server it is told to add, and opens a session.
 */
export async function withPrograms({ home }: CommandLine): Promise<NodeJS.ProcessEnv> {
  const bin = join(home, 'bin');
  await mkdir(bin);
  const trains = (name: string): string =>
    `echo "$GARDENER_PROJECT_NAME: ${name} $*" | tee -a "$HOME/trained" > "$GARDENER_PROJECT_LORA_ADAPTER_PATH"`;
  const opening = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: INITIALIZE });
  const scripts = {
    gardener: `exec '${process.execPath}' '${builtProgram('gardener.js')}' "$@"`,
    python: trains('python'),
    make: trains('make'),
    claude: `while [ "$1" != -- ]; do shift; done; shift; echo '${opening}' | "$@"`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  const env = environment(home);
  return { ...env, PATH: `${bin}${delimiter}${env['PATH']}` };
}

/** Runs a program that goes on for ever until it has printed a line. */
export async function firstLines(
  cli: CommandLine,
  command: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const child: ChildProcess = spawn(command, [...words], {
    cwd: cli.home,
    env: { ...environment(cli.home), ...env },
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  onTestFinished(() => void child.kill('SIGKILL'));
  await until(() => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${stderr}`);
    return stdout.includes('\n');
  }, 'it prints');
  child.kill('SIGTERM');
  await ended;
  return stdout;
}
