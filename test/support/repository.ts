/** Repositories of git. A test that makes one needs `requireTools(context, 'git')`. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { environment, temporaryDirectory } from './home.ts';

const run = promisify(execFile);

export interface Repository {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** What a program that the repository names would make. */
  readonly witness: string;
  git(...args: readonly string[]): Promise<string>;
  /** A shell command in the work tree; how it ends does not matter. */
  shell(command: string): Promise<void>;
  write(path: string, text: string, mode?: number): Promise<void>;
  /** Writes a file, commits everything, and gives the commit. */
  commit(path: string, text?: string): Promise<string>;
}

/**
 * Three files in Python, committed, in `<home>/<name>`.
 *
 * @param home default one of its own
 */
export async function repository(home?: string, name = 'codebase'): Promise<Repository> {
  const around = home ?? (await temporaryDirectory());
  const root = join(around, name);
  const env = environment(around);
  const it: Repository = {
    root,
    env,
    witness: join(around, 'witness'),
    git: async (...args) => (await run('git', ['-C', root, ...args], { env })).stdout.trim(),
    shell: async (command) => {
      await run('sh', ['-c', command], { cwd: root, env: { ...env, GIT_TERMINAL_PROMPT: '0' } }).catch(
        () => undefined,
      );
    },
    async write(path, text, mode = 0o644) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text, { mode });
    },
    async commit(path, text = path) {
      await it.write(path, text);
      await it.git('add', '.');
      await it.git('commit', '-qm', path);
      return await it.git('rev-parse', 'HEAD');
    },
  };
  for (const file of ['a', 'b', 'c']) await it.write(`in/${file}.py`, file);
  await it.git('init', '-q', '-b', 'main');
  await it.git('config', 'user.name', 'ada');
  await it.git('config', 'user.email', 'ada@example.org');
  await it.git('add', '.');
  await it.git('commit', '-qm', 'first');
  return it;
}

/** An environment in which this script is git. */
export async function stand({ env }: Repository, script: string): Promise<NodeJS.ProcessEnv> {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'git'), `#!/bin/sh\n${script}\n`);
  await chmod(join(directory, 'git'), 0o755);
  return { ...env, PATH: `${directory}:${env['PATH']}` };
}
