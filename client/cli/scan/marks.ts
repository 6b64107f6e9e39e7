/** What tells of a directory whether it is a codebase: what lies at its top. */
import { opendir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { readSmallFile } from '../../../src/system/small-file.ts';
import { NEVER } from '../../codebase/files/walk.ts';

/** What a project of a language has at its top. */
const MANIFESTS = new Set(
  [
    'package.json deno.json deno.jsonc pyproject.toml setup.py Cargo.toml go.mod pom.xml build.gradle',
    'build.gradle.kts build.sbt composer.json Gemfile mix.exs rebar.config Package.swift pubspec.yaml stack.yaml',
    'dune-project project.clj deps.edn CMakeLists.txt meson.build build.zig Project.toml',
  ].flatMap((names) => names.split(' ')),
);
/** What tells that a program fills a directory: an environment of Python or conda, and https://bford.info/cachedir/. */
const FILLED = new Set(['pyvenv.cfg', 'conda-meta', 'CACHEDIR.TAG']);
/** https://git-scm.com/docs/gitrepository-layout: what git looks for in a repository itself. */
const BARE = ['HEAD', 'objects', 'refs'];

/** What a settings file or a link of git may have. Bytes. */
const MAX_SMALL = 64 * 1024;

export interface Marks {
  /**
   * `filled` is what programs fill, or a bare repository: no codebase, nor is one looked for in it. `container` is a bare
   * repository under the name of one that is not: its worktrees lie in it. `worktree` is a linked one.
   */
  readonly kind: 'repository' | 'worktree' | 'container' | 'package' | 'filled' | 'plain';
  /** Names of the directories in it that may hold codebases; of a repository none, if not asked for all the same. */
  readonly inside: readonly string[];
  /** There are more of them. */
  readonly cut: boolean;
  /** Names that are no UTF-8: nobody can call them. */
  readonly damaged: number;
  /** For a linked worktree where its repository is kept, as it says itself; nobody has looked. */
  readonly repository?: string;
}

/**
 * Looks at one directory, and opens nothing else than git's own small files in it.
 *
 * @param limit names that are given at most
 * @param isThrough whether a repository is looked through, too
 * @throws the system's error where it cannot be read
 */
export async function marksOf(
  place: string,
  limit = Number.POSITIVE_INFINITY,
  isThrough = false,
): Promise<Marks> {
  const inside: string[] = [];
  const names = new Set<string>();
  let [cut, damaged, isPackage, isContainer, isJj] = [false, 0, false, false, false];
  for await (const entry of await opendir(place, { bufferSize: 256 })) {
    const { name } = entry;
    // Through a link, as some tools for many repositories make it.
    if (name === '.git' && (entry.isDirectory() || entry.isFile() || entry.isSymbolicLink())) {
      const git = await gitMarks(place, entry.isDirectory(), entry.isFile());
      if (git.kind === 'container') isContainer = true;
      else if (!isThrough) return { ...git, inside: [], cut: false, damaged: 0 };
      continue;
    }
    isJj ||= name === '.jj';
    if (MANIFESTS.has(name) && entry.isFile()) isPackage = true;
    if (FILLED.has(name) || BARE.includes(name)) names.add(name);
    if (!entry.isDirectory() || name.startsWith('.') || NEVER.has(name)) continue;
    if (name.includes('\uFFFD')) damaged += 1;
    else if (inside.length < limit) inside.push(name);
    else cut = true;
  }
  if (isJj && !isThrough) return { ...(await jjMarks(place)), inside: [], cut: false, damaged: 0 };
  const isFilled = [...FILLED].some((name) => names.has(name)) || BARE.every((name) => names.has(name));
  if (isFilled && !isThrough) return { kind: 'filled', inside: [], cut: false, damaged: 0 };
  const kind = isContainer ? 'container' : isPackage ? 'package' : 'plain';
  return { kind, inside, cut, damaged };
}

type Kept = Pick<Marks, 'kind' | 'repository'>;

/** What `.git` is. Nothing is looked at that it leads to elsewhere: that disk may not answer. */
async function gitMarks(place: string, isDirectory: boolean, isFile: boolean): Promise<Kept> {
  const link = join(place, '.git');
  if (!isDirectory && !isFile) return { kind: 'repository' };
  const named = isFile ? /^gitdir: (.+)$/m.exec((await small(link)) ?? '')?.[1] : undefined;
  const kept = named === undefined ? link : resolve(place, named);
  if (basename(dirname(kept)) === 'worktrees')
    return { kind: 'worktree', repository: dirname(dirname(kept)) };
  const isHere = !relative(place, kept).startsWith('..');
  const settings = isHere ? await small(join(kept, 'config')) : undefined;
  return { kind: /^\s*bare\s*=\s*true\s*$/im.test(settings ?? '') ? 'container' : 'repository' };
}

/** A workspace beside the main one has a file that says where that is. */
async function jjMarks(place: string): Promise<Kept> {
  const main = (await small(join(place, '.jj', 'repo')))?.trimEnd();
  return main
    ? { kind: 'worktree', repository: dirname(resolve(place, '.jj', main)) }
    : { kind: 'repository' };
}

/** A file that is there, plain and small; what else may be of that name tells nothing. */
async function small(path: string): Promise<string | undefined> {
  return await readSmallFile(path, MAX_SMALL).catch(() => undefined);
}
