/**
 * The linked worktrees of git and the workspaces of jj around a path, found without running either: only the files are
 * read by which a worktree names its repository.
 *
 * https://git-scm.com/docs/gitrepository-layout and https://git-scm.com/docs/git-worktree#_details say which these are.
 */
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Worktree } from '../../domain/whereabouts.ts';
import type { Disk } from './disk.ts';

/** Of a bare repository's other worktrees so many are looked at. */
const MAX_WORKTREES = 100;

/**
 * @param real a path behind all links
 * @param existing as much of it as there is
 */
export async function worktreesAround(disk: Disk, real: string, existing: string): Promise<Worktree[]> {
  const worktrees: Worktree[] = [];
  for (let root = existing; ; root = dirname(root)) {
    const others = (await otherWorktrees(disk, root)) ?? (await mainWorkspace(disk, root));
    if (others) {
      const inside = relative(root, real);
      const counterparts: string[] = [];
      for (const other of others) counterparts.push(join((await disk.real(other)) ?? other, inside));
      worktrees.push({ depth: inside === '' ? 0 : inside.split('/').length, counterparts });
    }
    if (root === dirname(root)) return worktrees;
  }
}

/** For the top of a linked worktree: the main one or, where there is none, the other ones. Otherwise null. */
async function otherWorktrees(disk: Disk, root: string): Promise<string[] | null> {
  const link = join(root, '.git');
  if ((await disk.kindOf(link)) !== 'file') return null;
  const named = /^gitdir: (.+)$/m.exec((await disk.read(link)) ?? '')?.[1];
  if (named === undefined) return null;
  const own = resolve(root, named);
  const common = await disk.read(join(own, 'commondir'));
  // A submodule, or a repository whose directory is kept elsewhere.
  if (common === null) return null;
  const repository = resolve(own, withoutLineEnd(common));
  const main = await mainWorktree(disk, repository);
  return main === null ? await linkedWorktrees(disk, repository, root) : [main];
}

/** Where the main worktree of a repository is; null for a bare one, and where nothing says it. */
async function mainWorktree(disk: Disk, repository: string): Promise<string | null> {
  const core: Core = {
    ...readCore(await disk.read(join(repository, 'config'))),
    // What holds for the main worktree alone, where git worktree add had to tell them apart.
    ...readCore(await disk.read(join(repository, 'config.worktree'))),
  };
  if (core.worktree !== undefined) return resolve(repository, core.worktree);
  return core.bare || basename(repository) !== '.git' ? null : dirname(repository);
}

interface Core {
  bare?: boolean;
  worktree?: string;
}

/** The two settings of a git configuration that say where the main worktree is. */
function readCore(config: string | null): Core {
  const core: Core = {};
  let section = '';
  for (const line of (config ?? '').split('\n')) {
    section = /^\s*\[\s*([^\]]*?)\s*\]/.exec(line)?.[1]?.toLowerCase() ?? section;
    if (section !== 'core') continue;
    const [, key, value = 'true'] =
      /^\s*(?:\[[^\]]*\]\s*)?(bare|worktree)\s*(?:=\s*(.*?)\s*)?$/i.exec(line) ?? [];
    if (key?.toLowerCase() === 'bare') core.bare = /^(true|yes|on|1)$/i.test(value);
    if (key?.toLowerCase() === 'worktree') core.worktree = unquoted(value);
  }
  return core;
}

function unquoted(value: string): string {
  return /^"(.*)"$/.exec(value)?.[1]?.replace(/\\(["\\])/g, '$1') ?? value;
}

async function linkedWorktrees(disk: Disk, repository: string, without: string): Promise<string[]> {
  const places: string[] = [];
  const names = await disk.list(join(repository, 'worktrees'));
  for (const name of names.slice(0, MAX_WORKTREES)) {
    const directory = join(repository, 'worktrees', name);
    const link = await disk.read(join(directory, 'gitdir'));
    const place = link === null ? null : dirname(resolve(directory, withoutLineEnd(link)));
    if (place !== null && place !== without) places.push(place);
  }
  return places;
}

/** For the top of a jj workspace beside the main one: the main one. Otherwise null. */
async function mainWorkspace(disk: Disk, root: string): Promise<string[] | null> {
  const link = join(root, '.jj', 'repo');
  if ((await disk.kindOf(link)) !== 'file') return null;
  const repository = await disk.read(link);
  // `<main>/.jj/repo`
  return repository === null ? null : [dirname(dirname(resolve(dirname(link), withoutLineEnd(repository))))];
}

function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}
