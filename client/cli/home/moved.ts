/**
 * Where codebases that are gone may lie now: near their old places, as far as their repositories tell.
 *
 * Whoever glances at the registry waits no longer for this than for anything else there, and so it is looked at few
 * directories only, of disks that have just answered: nothing is entered through a link, nor where another disk is mounted.
 */
import { type Dirent, lstatSync, statSync } from 'node:fs';
import { opendir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { mountPoints } from '../../../src/system/mount-table.ts';
import { readSmallFile } from '../../../src/system/small-file.ts';
import { isSameRepository, remotePlace, repositoryAt } from '../../codebase/repository.ts';

/** For all of it. Milliseconds. */
const PATIENCE_MS = 300;
const MAX_SOUGHT = 20;
/** Directories that are listed, and entries of each that are looked at. */
const MAX_LISTED = 200;
const MAX_ENTRIES = 1_000;
const MAX_SETTINGS_BYTES = 65_536;
/** Repositories that git is asked about at a time: more only wait for each other. */
const AT_ONCE = 4;

/**
 * Finds for projects whose codebases are gone a repository with the same history that is in no project.
 *
 * @param projects all of them: the places beside other projects are looked at, too
 * @param patience milliseconds; what has not been found by then is not known
 * @returns the directories by the ids of the projects
 */
export async function findMoved(
  gone: readonly WireProject[],
  projects: readonly WireProject[],
  env: NodeJS.ProcessEnv,
  patience: number = PATIENCE_MS,
): Promise<ReadonlyMap<string, string>> {
  const end = performance.now() + patience;
  const sought = gone.filter(({ repository }) => repository !== null).slice(0, MAX_SOUGHT);
  const found = new Map<string, string>();
  if (sought.length === 0) return found;
  const taken = new Set(projects.map(({ source_path: path }) => path));
  const near = new Set(sought.flatMap(({ source_path: path }) => nearestThere(path) ?? []));
  const beside = [
    ...[...near].map((path) => dirname(path)).filter((path) => path !== dirname(path)),
    ...projects.filter((one) => !gone.includes(one)).map(({ source_path: path }) => dirname(path)),
  ];
  const repositories = (await repositoriesIn(near, new Set(beside), end)).filter((path) => !taken.has(path));
  const waiting = likeliestFirst(repositories, sought).values();
  const work = async (): Promise<void> => {
    // Each takes what the others have left.
    for (const path of waiting) {
      const left = end - performance.now();
      if (left <= 0 || found.size === sought.length) return;
      if (!(await mayBeOf(path, sought))) continue;
      const repository = await repositoryAt(path, env, left);
      const same = sought.filter((project) => isSameRepository(project.repository, repository));
      // A repository may have many projects in it: only the one that had the same place can be meant.
      const named = same.filter(({ source_path: old }) => basename(old) === basename(path));
      const [project, ...others] = same.length > 1 ? named : same;
      if (project && others.length === 0 && !found.has(project.project_id))
        found.set(project.project_id, path);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

/** The nearest directory above a path that is there; undefined where that is only the root of all, which is near nothing. */
function nearestThere(path: string): string | undefined {
  for (let place = dirname(path); place !== dirname(place); place = dirname(place)) {
    if (isDirectory(place, statSync)) return place;
  }
  return undefined;
}

function isDirectory(path: string, look: typeof lstatSync): boolean {
  try {
    return look(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    // What may not be looked at tells nothing.
    return false;
  }
}

/** Repositories up to two levels below the first places, and directly in the others, as far as there is time. */
async function repositoriesIn(
  near: ReadonlySet<string>,
  beside: ReadonlySet<string>,
  end: number,
): Promise<string[]> {
  const mounted = new Set(await mountPoints());
  const repositories = new Set<string>();
  const seen = new Set<string>();
  let places = [...near, ...beside].map((path) => ({ path, levels: near.has(path) ? 2 : 1 }));
  while (places.length > 0) {
    const below: typeof places = [];
    for (const { path, levels } of places) {
      if (seen.has(path)) continue;
      if (seen.size >= MAX_LISTED || performance.now() > end) return [...repositories];
      seen.add(path);
      for (const directory of await directoriesIn(path, mounted)) {
        if (isDirectory(join(directory, '.git'), lstatSync)) repositories.add(directory);
        else if (levels > 1) below.push({ path: directory, levels: levels - 1 });
      }
    }
    places = below;
  }
  return [...repositories];
}

async function directoriesIn(path: string, mounted: ReadonlySet<string>): Promise<string[]> {
  const found: string[] = [];
  try {
    const real = await realpath(path);
    let entries = 0;
    for await (const entry of await opendir(path)) {
      if (isPlain(entry) && !mounted.has(join(real, entry.name))) found.push(join(path, entry.name));
      if ((entries += 1) === MAX_ENTRIES) break;
    }
  } catch {
    // What may not be looked at, or has gone meanwhile, tells nothing.
  }
  return found;
}

/** What is hidden is a program's, and what a package manager has fetched is nobody's own. */
function isPlain(entry: Dirent): boolean {
  return entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules';
}

/** Those that are called as one of the projects was, then those whose names are of one stem with that, each by its path. */
function likeliestFirst(paths: readonly string[], sought: readonly WireProject[]): string[] {
  const names = sought.map(({ source_path: path }) => basename(path));
  const rank = (path: string): number => {
    const name = basename(path);
    if (names.includes(name)) return 0;
    return names.some((one) => name.includes(one) || one.includes(name)) ? 1 : 2;
  };
  return paths.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/**
 * Whether git is to be asked about a repository: not where its settings name other remotes only than the projects have. To
 * read them costs a thousandth of it.
 */
async function mayBeOf(directory: string, sought: readonly WireProject[]): Promise<boolean> {
  const settings = await readSmallFile(
    join(directory, '.git/config'),
    MAX_SETTINGS_BYTES,
    'utf8',
    'refuse',
  ).catch(() => '');
  const places = [...(settings ?? '').matchAll(/^\s*url\s*=\s*"?([^\s"]+)/gm)].map(([, url = '']) =>
    remotePlace(url),
  );
  if (places.length === 0) return true;
  return sought.some(({ repository }) => !repository?.remote || places.includes(repository.remote));
}
