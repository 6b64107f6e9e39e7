/** What a training is made from, and how far the code has gone on since. */
import type { Source } from '../../src/domain/project.ts';
import { answerOrNull, askGit, changedFiles, type GitOptions, GitUnavailable } from './git.ts';

/** Looking at each file of a large codebase takes seconds; whoever begins a training waits for it. Milliseconds. */
const DEADLINE_MS = 3_000;
/** Gits at a time: more only wait for each other. */
const AT_ONCE = 8;

/** An id, which a client other than this one may have cut. */
const COMMIT = /^[0-9a-f]{7,64}$/;

/**
 * The state of a codebase as git tells it; of a repository around it only that directory counts. Null where git cannot
 * tell: there is no git, no repository, no commit that has anything of the directory, or no answer in time.
 *
 * @param deadline milliseconds; default and at most 3 s
 */
export async function sourceAt(
  directory: string,
  env: NodeJS.ProcessEnv,
  deadline: number = DEADLINE_MS,
): Promise<Source | null> {
  const end = performance.now() + Math.min(deadline, DEADLINE_MS);
  const options = (): GitOptions => ({ env, deadline: Math.max(1, end - performance.now()) });
  // The second is there only if the commit has the directory.
  const told = await answerOrNull(directory, ['rev-parse', 'HEAD^{commit}', 'HEAD:./'], options());
  const [commit = ''] = told?.split('\n') ?? [];
  if (!COMMIT.test(commit)) return null;
  const [staged, changed] = await Promise.all([
    isAny(askGit(directory, ['diff-index', '--cached', '--name-only', '-z', commit, '--', '.'], options())),
    isAny(changedFiles(directory, options())),
  ]);
  return staged === null || changed === null ? null : { commit, dirty: staged || changed };
}

/** A codebase, and the commit that something was made from. */
export interface Since {
  readonly directory: string;
  readonly commit: string;
}

/**
 * By how many commits a codebase is ahead of one: those that `HEAD` has beside it, and that change something in the
 * directory. Null where git cannot tell, as for a commit that a shallow clone does not have.
 *
 * @param deadline milliseconds; default 3 s
 */
export async function aheadOf(
  { directory, commit }: Since,
  env: NodeJS.ProcessEnv,
  deadline: number = DEADLINE_MS,
): Promise<number | null> {
  // It comes out of a file that anybody may edit, and is not to be taken for anything else.
  if (!COMMIT.test(commit)) return null;
  const told = await answerOrNull(directory, ['rev-list', '--count', `${commit}^{commit}..HEAD`, '--', '.'], {
    env,
    deadline,
  });
  return told !== null && /^\d+\n$/.test(told) ? Number(told) : null;
}

export interface Patience {
  /** For all of them. Milliseconds. */
  readonly all: number;
  /** For one; default as long as for all. Milliseconds. */
  readonly each?: number;
}

/**
 * The same of many, some at a time, in their order. What is not told in time is null, and whatever still runs is ended.
 *
 * @param told called after each, with how many have been told
 */
export async function aheadOfEach(
  all: readonly Since[],
  env: NodeJS.ProcessEnv,
  patience: Patience,
  told: (count: number) => void = () => undefined,
): Promise<(number | null)[]> {
  const end = performance.now() + patience.all;
  const answers = all.map((): number | null => null);
  const waiting = all.entries();
  let count = 0;
  const work = async (): Promise<void> => {
    // Each takes what the others have left.
    for (const [at, one] of waiting) {
      const left = end - performance.now();
      if (left <= 0) return;
      answers[at] = await aheadOf(one, env, Math.min(left, patience.each ?? left));
      told((count += 1));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return answers;
}

/** Whether git names anything; null where it cannot tell. */
async function isAny(names: AsyncIterable<string>): Promise<boolean | null> {
  try {
    for await (const name of names) if (name !== '') return true;
    return false;
  } catch (error) {
    if (error instanceof GitUnavailable) return null;
    throw error;
  }
}
