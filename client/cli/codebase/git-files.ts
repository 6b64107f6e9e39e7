/** The files that git tracks under a directory. */
import { askGit, type GitOptions, GitUnavailable } from '../../codebase/git.ts';

/**
 * Gives the tracked files under a directory in portions, as paths relative to it; a submodule counts as one.
 * Ending the iteration early ends git.
 *
 * @throws {GitUnavailable} possibly after some portions
 */
export async function* trackedFiles(root: string, options: GitOptions): AsyncIterable<string[]> {
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
