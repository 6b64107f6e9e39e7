/**
 * The linked worktrees of git and the workspaces of jj around a path, found without running either: only the files are
 * read by which a worktree names its repository.
 */
import { basename, dirname, join, relative, resolve } from 'node:path';
import { closest, depthOf } from '../../domain/places/references.ts';
import type { Worktree } from '../../domain/places/whereabouts.ts';
import type { Disk } from './disk.ts';
import { GitWorktrees, type Sources, withoutLineEnd } from './git-worktrees.ts';

export class Worktrees {
  readonly #disk: Disk;
  readonly #sources: Sources;
  readonly #git: GitWorktrees;

  constructor(disk: Disk, sources: Sources) {
    this.#disk = disk;
    this.#sources = sources;
    this.#git = new GitWorktrees(disk, sources);
  }

  /**
   * Those around a path, the innermost first, as far as no project is nearer.
   *
   * @param real the path behind all links
   * @param existing as much of it as there is
   * @throws {TooManyWorktrees} where one of them has more than are looked at
   */
  async around(real: string, existing: string): Promise<Worktree[]> {
    const worktrees: Worktree[] = [];
    const nearest = closest(real, this.#sources.at);
    const end = nearest ? depthOf(real) - nearest.distance : -1;
    for (let root = existing; depthOf(root) > end; root = dirname(root)) {
      const inside = relative(root, real);
      const others = (await this.#git.others(root, inside)) ?? (await this.#mainWorkspace(root));
      if (others) {
        const depth = inside === '' ? 0 : depthOf(`/${inside}`);
        worktrees.push({ depth, counterparts: others.map((other) => join(other, inside)) });
      }
      if (root === '/') break;
    }
    return worktrees;
  }

  /** For the top of a jj workspace beside the main one: the main one, behind all links. Otherwise null. */
  async #mainWorkspace(root: string): Promise<string[] | null> {
    const link = join(root, '.jj', 'repo');
    if ((await this.#disk.kindOf(link)) !== 'file') return null;
    const named = await this.#disk.read(link);
    if (named === null) return null;
    // `<main>/.jj/repo`
    const repository = resolve(dirname(link), withoutLineEnd(named));
    if (basename(repository) !== 'repo' || basename(dirname(repository)) !== '.jj') return null;
    if ((await this.#disk.kindOf(repository)) !== 'directory') return null;
    if (!(await this.#isKnownTo(repository, root))) return null;
    const main = await this.#disk.real(dirname(dirname(repository)));
    return main === null ? null : [main];
  }

  /**
   * Whether a jj repository has made a workspace. It keeps no path of most, but the operation by which the workspace was
   * brought up to date last, whose number is that of its content: nobody else could have written it down.
   */
  async #isKnownTo(repository: string, workspace: string): Promise<boolean> {
    // What is a repository of its own shares none: only beside the main workspace there is one of git.
    if ((await this.#disk.kindOf(join(workspace, '.git'))) === 'directory') return false;
    const file = join(workspace, '.jj', 'working_copy', 'checkout');
    // A link, as git brings them too, may lead to what the main workspace has written down.
    if ((await this.#disk.real(file)) !== file) return false;
    const checkout = await this.#disk.read(file, 'latin1');
    const operation = checkout === null ? null : operationOf(checkout);
    if (operation === null) return false;
    return (await this.#disk.kindOf(join(repository, 'op_store', 'operations', operation))) === 'file';
  }
}

/**
 * The operation in the state of a jj working copy, in hexadecimal: the first field of the message `Checkout` in
 * https://github.com/jj-vcs/jj/blob/main/lib/src/protos/local_working_copy.proto.
 *
 * @param checkout its bytes as characters
 */
function operationOf(checkout: string): string | null {
  const bytes = Buffer.from(checkout, 'latin1');
  const [tag, length = 0] = bytes;
  // Field 2, of bytes; with a length of one byte.
  if (tag !== 0x12 || length === 0 || length > 0x7f || bytes.length < 2 + length) return null;
  return bytes.toString('hex', 2, 2 + length);
}
