/** The files that git tracks under a directory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Git could not tell: it is not installed, this is no work tree, or it refuses to look at somebody else's. */
export class GitUnavailable extends Error {
  override readonly name = 'GitUnavailable';
}

/**
 * Gives the tracked files under a directory in portions, as paths relative to it; a submodule counts as one.
 * Ending the iteration early ends git.
 *
 * @throws {GitUnavailable} possibly after some portions
 */
export async function* trackedFiles(root: string, env: NodeJS.ProcessEnv): AsyncIterable<string[]> {
  // A file system monitor is a program that the repository names; counting files must not run it.
  const args = ['-C', root, '-c', 'core.fsmonitor=false', 'ls-files', '-z'];
  const git = spawn('git', args, { env: outsideHooks(env), stdio: ['ignore', 'pipe', 'ignore'] });
  let done = false;
  const ended = once(git, 'close').then(
    ([code]) => (code === 0 ? undefined : new GitUnavailable(`git ended with ${code}`)),
    (cause: unknown) => new GitUnavailable('cannot run git', { cause }),
  );
  try {
    let rest = '';
    let last = '';
    git.stdout.setEncoding('utf8');
    for await (const text of git.stdout as AsyncIterable<string>) {
      const paths = (rest + text).split('\0');
      rest = paths.pop() ?? '';
      // A file in a merge conflict is listed once for each side.
      yield paths.filter((path, index) => path !== (index === 0 ? last : paths[index - 1]));
      last = paths.at(-1) ?? last;
    }
    const failure = await ended;
    done = true;
    if (failure) throw failure;
  } finally {
    if (!done) git.kill();
  }
}

/** What git sets for its hooks; it would point at another repository. */
const OF_HOOKS = new Set([
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_PREFIX',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
]);

function outsideHooks(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const others = Object.entries(env).filter(([name]) => !OF_HOOKS.has(name));
  return { ...Object.fromEntries(others), GIT_OPTIONAL_LOCKS: '0' };
}
