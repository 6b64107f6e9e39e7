/**
 * Where the other worktrees of a git repository are. Nothing is believed of what a repository says of directories
 * elsewhere unless they lead back to it: anybody may have written that file, and it may be of long ago.
 *
 * https://git-scm.com/docs/gitrepository-layout and https://git-scm.com/docs/git-worktree#_details say where to look.
 */
import { basename, dirname, join, resolve } from 'node:path';
import { closest } from '../../domain/places/references.ts';
import type { AtReal } from '../../domain/places/whereabouts.ts';
import type { Disk } from './disk.ts';
import { type Core, readCore } from './git-config.ts';

/** Nobody has so many, and each takes two questions. */
export const MAX_WORKTREES = 500;

/** There are more worktrees than are looked at: which of them is a project cannot be told. */
export class TooManyWorktrees extends Error {
  override readonly name = 'TooManyWorktrees';
}

/** Where projects are. */
export interface Sources {
  readonly at: AtReal;
  /** Behind all links, in no order. */
  places(): Iterable<string>;
}

export class GitWorktrees {
  readonly #disk: Disk;
  readonly #sources: Sources;
  /** By repository that is kept elsewhere, where its main worktree was found. */
  readonly #found = new Map<string, string>();

  constructor(disk: Disk, sources: Sources) {
    this.#disk = disk;
    this.#sources = sources;
  }

  /**
   * For the top of a linked worktree: the main one or, where there is none, the other ones in which a project is found.
   *
   * @param root behind all links
   * @param inside the place of interest in it
   * @returns places behind all links; null for what is no linked worktree
   * @throws {TooManyWorktrees}
   */
  async others(root: string, inside: string): Promise<string[] | null> {
    const own = await this.#gitDirectory(root);
    const common = own === null ? null : await this.#disk.read(join(own, 'commondir'));
    // A submodule, or a repository whose directory is kept elsewhere.
    if (own === null || common === null) return null;
    const repository = await this.#disk.real(resolve(own, withoutLineEnd(common)));
    // What is none of its worktrees' directories was not made by git.
    if (repository === null || dirname(own) !== join(repository, 'worktrees')) return null;
    const main = await this.#mainOf(repository);
    return main === null ? await this.#linkedTo(repository, own, inside) : [main];
  }

  /** The main worktree of a repository; null for a bare one, and where nothing says it. */
  async #mainOf(repository: string): Promise<string | null> {
    const core: Core = {
      ...readCore(await this.#disk.read(join(repository, 'config'))),
      // What holds for the main worktree alone, where git worktree add had to tell them apart.
      ...readCore(await this.#disk.read(join(repository, 'config.worktree'))),
    };
    if (core.worktree !== undefined) return this.#ifOf(repository, resolve(repository, core.worktree));
    if (core.bare) return null;
    return basename(repository) === '.git' ? dirname(repository) : await this.#keptElsewhere(repository);
  }

  /**
   * The main worktree of a repository that lies elsewhere and does not say where, as after `git init --separate-git-dir`
   * or where `.git` is a link: one of the directories that projects are in, if at all.
   */
  async #keptElsewhere(repository: string): Promise<string | null> {
    const known = this.#found.get(repository);
    if (known !== undefined && (await this.#ifOf(repository, known)) !== null) return known;
    const looked = new Set<string>();
    for (const source of this.#sources.places()) {
      for (let place = source; !looked.has(place); place = dirname(place)) {
        looked.add(place);
        if ((await this.#gitDirectory(place)) !== repository) continue;
        this.#found.set(repository, place);
        return place;
      }
    }
    this.#found.delete(repository);
    return null;
  }

  /** The worktrees of a repository without a main one, but for `own`. */
  async #linkedTo(repository: string, own: string, inside: string): Promise<string[]> {
    const places: string[] = [];
    const names = await this.#disk.list(join(repository, 'worktrees'));
    if (names.length > MAX_WORKTREES) throw new TooManyWorktrees();
    for (const name of names) {
      const directory = join(repository, 'worktrees', name);
      if (directory === own) continue;
      const link = await this.#disk.read(join(directory, 'gitdir'));
      const place =
        link === null ? null : await this.#disk.real(dirname(resolve(directory, withoutLineEnd(link))));
      // Most are no project's, and need not be asked what they belong to.
      if (place === null || !closest(join(place, inside), this.#sources.at)) continue;
      if ((await this.#gitDirectory(place)) === directory) places.push(place);
    }
    return places;
  }

  /** A worktree by a repository's own word, if it is of that repository by its own word, too. */
  async #ifOf(repository: string, place: string): Promise<string | null> {
    const real = await this.#disk.real(place);
    return real !== null && (await this.#gitDirectory(real)) === repository ? real : null;
  }

  /** Where git keeps what belongs to a worktree, behind all links: what `.git` there is or leads to; null for neither. */
  async #gitDirectory(place: string): Promise<string | null> {
    const link = join(place, '.git');
    const kind = await this.#disk.kindOf(link);
    if (kind !== 'file') return kind === null ? null : await this.#disk.real(link);
    const named = /^gitdir: (.+)$/m.exec((await this.#disk.read(link)) ?? '')?.[1];
    return named === undefined ? null : await this.#disk.real(resolve(place, named));
  }
}

export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}
