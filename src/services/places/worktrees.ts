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
    const main = await this.#disk.real(dirname(dirname(repository)));
    return main === null ? null : [main];
  }
}
