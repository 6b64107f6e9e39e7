/** Looks through a codebase: how many files it has and what language it is written in. */
import { askGit, type GitOptions, GitUnavailable } from '../git.ts';
import { Tally } from './languages.ts';

/** Counting stops here: nobody needs to know more, and a home directory given by mistake has no end. */
const MAX_FILES = 200_000;
/** Directories that could not be read, and files of rules that were not, named in the answer. */
const MAX_NAMED = 5;

export interface Scan {
  /** What was counted; at most the limit. */
  readonly files: number;
  /** There are more files than were counted. */
  readonly stopped: boolean;
  /** In lower case; `unknown` when no file's name tells. */
  readonly language: string;
  /** Some directories that could not be read, relative to the codebase. */
  readonly unreadable: readonly string[];
  readonly unreadableCount: number;
  /** Some `.gitignore` files that were not read, each with why: "docs/.gitignore is no plain file". */
  readonly unreadRules?: readonly string[];
  /** A bare repository: it has no files but git's own, which are nobody's code. */
  readonly bare?: true;
  /** Why git did not say what it tracks, where there is something to say: the number may be another one then. */
  readonly gitFault?: string;
}

export interface ScanOptions extends GitOptions {
  /** Default {@link MAX_FILES}. */
  readonly limit?: number;
  /** Called now and then with the files counted so far. */
  readonly onProgress?: ((files: number) => void) | undefined;
  /** Ends it by throwing its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Counts what git tracks in the directory, or, where git cannot tell, not to the end, or tracks nothing, every file that
 * no `.gitignore` hides.
 */
export async function scan(
  root: string,
  { limit = MAX_FILES, onProgress, signal, ...gitOptions }: ScanOptions,
): Promise<Scan> {
  const unreadable: string[] = [];
  let unreadableCount = 0;
  const count = async (portions: AsyncIterable<string[]>): Promise<Scan> => {
    const tally = new Tally();
    let stopped = false;
    counting: for await (const files of portions) {
      signal?.throwIfAborted();
      for (const file of files) {
        if (tally.files >= limit) {
          stopped = true;
          break counting;
        }
        tally.add(file);
      }
      onProgress?.(tally.files);
    }
    return { files: tally.files, stopped, language: tally.language(), unreadable, unreadableCount };
  };
  let gitFault = '';
  try {
    const tracked = await count(trackedFiles(root, gitOptions));
    if (tracked.files > 0) return tracked;
  } catch (error) {
    if (!(error instanceof GitUnavailable)) throw error;
    // What it said before that is a part of the truth, and which part nobody knows.
    gitFault = error.message;
  }
  const { isBareRepository, walkFiles } = await import('./walk.ts');
  const note = (directory: string): void => {
    unreadableCount += 1;
    if (unreadable.length < MAX_NAMED) unreadable.push(directory);
  };
  const unreadRules: string[] = [];
  const unread = (file: string, why: string): void => {
    if (unreadRules.length < MAX_NAMED) unreadRules.push(`${file} ${why}`);
  };
  const { deadMountsBelow } = await import('./mounts.ts');
  const walked = await count(walkFiles(root, note, unread, await deadMountsBelow(root)));
  return {
    ...walked,
    unreadableCount,
    ...(unreadRules.length > 0 && { unreadRules }),
    ...((await isBareRepository(root)) && { bare: true }),
    ...(gitFault !== '' && { gitFault }),
  };
}

/**
 * Gives the tracked files under a directory in portions, as paths relative to it; a submodule counts as one.
 * Ending the iteration early ends git.
 *
 * @throws {GitUnavailable} possibly after some portions
 */
async function* trackedFiles(root: string, options: GitOptions): AsyncIterable<string[]> {
  let rest = '';
  let last = '';
  for await (const text of askGit(root, ['ls-files', '-z'], options)) {
    const paths = (rest + text).split('\0');
    rest = paths.pop() ?? '';
    // No file has such a name: what follows is what git makes of a damaged index, without a word.
    if (paths.some((path) => path.endsWith('/'))) throw new GitUnavailable('its index is damaged');
    // A file in a merge conflict is listed once for each side.
    yield paths.filter((path, index) => path !== (index === 0 ? last : paths[index - 1]));
    last = paths.at(-1) ?? last;
  }
}
