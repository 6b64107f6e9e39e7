/** Finds codebases below directories: repositories, and packages that lie in none. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { answers } from '../../codebase/disk-answer.ts';
import { mountPoints } from '../../../src/system/mount-table.ts';
import { type Marks, marksOf } from './marks.ts';
import { inParallel } from './parallel.ts';
import { MAX_NAMED } from '../terminal/text.ts';

/** Looking stops here: whoever has more gives a place that is nearer. */
const MAX_DIRECTORIES = 100_000;
/** Directories that are read at a time. */
const AT_ONCE = 8;

export interface Codebase {
  /** As the person came there. */
  readonly path: string;
  /** The same behind all links. */
  readonly real: string;
  /** Whose name it gets, where that is another path than its own. */
  readonly namedAfter?: string;
  /** `folder` is a directory that only another program's list makes one. */
  readonly kind: 'repository' | 'package' | 'folder';
}

/** What was found, and what was not looked at. */
export interface Finds {
  readonly codebases: readonly Codebase[];
  /** Linked worktrees, which belong to the repository that they are of. */
  readonly worktrees: number;
  /** Some of the places that could not be looked at. */
  readonly unreadable: readonly string[];
  readonly unreadableCount: number;
  /** There was more than is looked at. */
  readonly stopped: boolean;
  /** Places that another program names and that are not there any more, or on another machine. */
  readonly gone: number;
}

export interface FindOptions {
  /** How far below a directory one is looked for; 0 for the directory itself. */
  readonly depth: number;
  readonly home: string;
  /** Default also those that are no repositories. */
  readonly packages?: boolean;
  /** Default 100,000. */
  readonly limit?: number;
  readonly onProgress?: (directories: number, codebases: number) => void;
}

interface Place {
  readonly path: string;
  readonly real: string;
  /** The packages around it. */
  readonly packages: readonly Package[];
}

/** A package until a repository is found in it: then its file only happens to lie around what is there. */
interface Package extends Place {
  holdsRepository: boolean;
}

interface Worktree extends Place {
  readonly repository: string;
}

/**
 * Looks below directories, the near ones first. It goes into no repository and through no link, so that it comes to an
 * end; and onto no disk that does not answer.
 *
 * @param roots absolute directories that answer
 */
export async function findCodebases(roots: readonly string[], options: FindOptions): Promise<Finds> {
  return await new Search(options).run(roots);
}

class Search {
  readonly #options: FindOptions;
  readonly #left: number;
  /** Behind all links. */
  #home = '';
  #mounts: ReadonlySet<string> = new Set();
  #looked = 0;
  #stopped = false;
  readonly #seen = new Set<string>();
  readonly #repositories: Place[] = [];
  readonly #packages: Package[] = [];
  readonly #worktrees: Worktree[] = [];
  readonly #containers = new Set<string>();
  readonly #unreadable: string[] = [];
  #unreadableCount = 0;

  constructor(options: FindOptions) {
    this.#options = options;
    this.#left = options.limit ?? MAX_DIRECTORIES;
  }

  async run(roots: readonly string[]): Promise<Finds> {
    const { home } = this.#options;
    this.#mounts = new Set(await mountPoints());
    this.#home = await realpath(home).catch(() => home);
    let level: Place[] = [];
    for (const path of roots) level.push({ path, real: await realpath(path), packages: [] });
    for (let depth = 0; level.length > 0; depth += 1) {
      const below: Place[] = [];
      const isLast = depth >= this.#options.depth;
      const room = (): number => (isLast ? 0 : this.#left - this.#looked - below.length);
      await inParallel(
        level,
        async (place) => below.push(...(await this.#look(place, depth === 0, room, isLast))),
        AT_ONCE,
      );
      level = below;
    }
    return this.#finds();
  }

  /** @returns the places in it at which codebases may be */
  async #look(place: Place, isRoot: boolean, room: () => number, isLast: boolean): Promise<Place[]> {
    const { path, real } = place;
    if (this.#seen.has(real)) return [];
    this.#seen.add(real);
    this.#looked += 1;
    const isHome = isRoot && real === this.#home;
    this.#options.onProgress?.(this.#looked, this.#repositories.length + this.#packages.length);
    if (!isRoot && this.#mounts.has(real) && !(await answers(real))) return this.#note(path);
    let marks: Marks;
    try {
      // Who keeps the settings of a home directory in a repository has other ones in it.
      marks = await marksOf(real, room(), isHome);
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      return this.#note(path);
    }
    for (let damaged = 0; damaged < marks.damaged; damaged += 1) this.#note(join(path, '\uFFFD'));
    if (marks.cut && !isLast) this.#stopped = true;
    const around = this.#sort(place, marks, isHome);
    if (marks.kind === 'filled') return [];
    // Another may have taken the room meanwhile.
    const inside = marks.inside.slice(0, Math.max(0, room()));
    if (inside.length < marks.inside.length) this.#stopped = true;
    return inside.flatMap((name) => {
      const below = join(real, name);
      return isElsewhere(below, this.#home) ? [] : { path: join(path, name), real: below, packages: around };
    });
  }

  /** @returns the packages around what is in it */
  #sort(place: Place, { kind, repository }: Marks, isHome: boolean): readonly Package[] {
    if (kind === 'container') this.#containers.add(place.real);
    if (kind === 'repository' || kind === 'worktree' || kind === 'container')
      for (const one of place.packages) one.holdsRepository = true;
    if (kind === 'repository') this.#repositories.push(place);
    if (kind === 'worktree' && repository !== undefined) this.#worktrees.push({ ...place, repository });
    if (kind !== 'package' || isHome || this.#options.packages === false) return place.packages;
    const found = { ...place, holdsRepository: false };
    this.#packages.push(found);
    return [...place.packages, found];
  }

  #note(path: string): [] {
    this.#unreadableCount += 1;
    if (this.#unreadable.length < MAX_NAMED) this.#unreadable.push(path);
    return [];
  }

  #finds(): Finds {
    // What lies in a package is a part of it.
    const packages = this.#packages.filter(
      (one) => !one.holdsRepository && one.packages.every((around) => around.holdsRepository),
    );
    const chosen = this.#chosenWorktrees();
    const codebases = [
      ...this.#repositories.map((one) => codebase(one, 'repository')),
      ...chosen.map((one) => ({ ...codebase(one, 'repository'), namedAfter: nameOf(one.repository) })),
      ...packages.map((one) => codebase(one, 'package')),
    ];
    codebases.sort((a, b) => (a.path < b.path ? -1 : 1));
    return {
      codebases,
      worktrees: this.#worktrees.length - chosen.length,
      unreadable: this.#unreadable,
      unreadableCount: this.#unreadableCount,
      stopped: this.#stopped,
      gone: 0,
    };
  }

  /** Of a bare repository, which is no codebase itself, one worktree stands for all: that of the main branch, or the first. */
  #chosenWorktrees(): Worktree[] {
    const byRepository = new Map<string, Worktree[]>();
    for (const one of this.#worktrees) {
      const { repository } = one;
      const hasMain = basename(repository) === '.git' || basename(repository) === '.jj';
      if (hasMain && !this.#containers.has(dirname(repository))) continue;
      byRepository.set(repository, [...(byRepository.get(repository) ?? []), one]);
    }
    return [...byRepository.values()].flatMap((all) => {
      const sorted = all.toSorted((a, b) => (a.path < b.path ? -1 : 1));
      return sorted.find(({ path }) => /^(main|master|trunk)$/.test(basename(path))) ?? sorted[0] ?? [];
    });
  }
}

function codebase({ path, real }: Place, kind: Codebase['kind']): Codebase {
  return { path, real, kind };
}

/** Where a bare repository is kept, or what it is kept in: `~/src/web/.bare` is that of `web`, as `~/src/web.git` is. */
function nameOf(repository: string): string {
  return basename(repository).startsWith('.') ? dirname(repository) : repository.replace(/\.git$/, '');
}

/** What is no person's work: what macOS and Go keep in a home directory, and what a system shows as files. */
function isElsewhere(real: string, home: string): boolean {
  if (['/proc', '/sys', '/dev'].includes(real)) return true;
  return ['Library', 'Applications', 'snap', 'go/pkg'].some((name) => real === join(home, name));
}
