/** A registry in which examples are tried, and what they leave there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';
import type { CommandLine } from '../support/cli.ts';
import { environment } from '../support/home.ts';
import { until } from '../support/until.ts';

/** All projects by their names. */
export async function projects(cli: CommandLine): Promise<Record<string, Record<string, unknown>>> {
  const { projects: all } = (await cli.json(['ls'])) as {
    projects: (Record<string, unknown> & { name: string })[];
  };
  return Object.fromEntries(all.map((project) => [project.name, project]));
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
