/**
 * Which project a place on the disk belongs to. What the disk says of the place comes in; nothing is asked here.
 *
 * People come through links and agents work in linked worktrees: another project must not answer for theirs.
 */
import type { Project } from '../project.ts';
import { ambiguous, closest, closestIn, depthOf, type Closest, normalizePath } from './references.ts';
import type { RegistryView } from '../registry.ts';

/** What the disk says of a path. */
export interface Place {
  /** Absolute, as it was written. */
  readonly path: string;
  /** Behind all links; undefined where that cannot be told. */
  readonly real?: string | undefined;
  /** The linked worktrees and workspaces that hold the path, the innermost first. */
  readonly worktrees: readonly Worktree[];
}

export interface Worktree {
  /** How many directories the path lies below the top of the worktree. */
  readonly depth: number;
  /**
   * The same place in the main worktree, behind all links; where there is no main one, as with a bare repository, in
   * each of the other ones.
   */
  readonly counterparts: readonly string[];
}

export interface Found {
  readonly project: Project;
  readonly by: 'cwd' | 'worktree';
}

/** The projects whose `source_path` leads to exactly this real path. */
export type AtReal = (real: string) => readonly Project[];

/**
 * The project that a place belongs to: one that is the worktree around the place or lies in it, then the one that has
 * the same place in the repository, then one that merely contains the place. The deepest of each kind counts.
 *
 * @throws {RegistryError} `ambiguous_project` where several projects have the directory that is found
 */
export function findAround(
  view: RegistryView,
  { path, real, worktrees }: Place,
  atReal: AtReal,
): Found | undefined {
  const written = deep(closestIn(view, path), normalizePath(path));
  const behind = real === undefined ? undefined : deep(closest(real, atReal), real);
  const elsewhere: (Closest | undefined)[] = [];
  for (const { depth, counterparts } of worktrees) {
    // Where a project really is counts here: a link to the worktree may lie in another one.
    if (behind && behind.distance <= depth) break;
    const there = nearestOfAll(counterparts.map((place) => closest(place, atReal)));
    if (there && there.distance <= depth) return found(there, path, 'worktree');
    elsewhere.push(there);
  }
  return found(deeper(written, behind), path, 'cwd') ?? found(nearest(elsewhere), path, 'worktree');
}

/**
 * The project whose `source_path` is exactly this place, as it is written or behind links.
 *
 * @throws {RegistryError} `ambiguous_project`
 */
export function findAt(
  view: RegistryView,
  { path, real }: Pick<Place, 'path' | 'real'>,
  atReal: AtReal,
): Found | undefined {
  const written = view.at(normalizePath(path));
  const projects = written.length > 0 || real === undefined ? written : atReal(real);
  return found({ distance: 0, projects }, path, 'cwd');
}

/** With how many directories lead to what is found. */
type Deep = Closest & { readonly depth: number };

function deep(match: Closest | undefined, path: string): Deep | undefined {
  return match && { ...match, depth: depthOf(path) - match.distance };
}

/**
 * Of what contains a path as it is written and behind links the deeper one; the one behind links where both are as deep.
 * One that contains it both ways is meant as it is written, or another one of the same place would make it ambiguous.
 */
function deeper(written: Deep | undefined, behind: Deep | undefined): Deep | undefined {
  if (!written || !behind) return written ?? behind;
  const isBoth = behind.projects.some((project) => written.projects.includes(project));
  return isBoth || written.depth > behind.depth ? written : behind;
}

/** The first of the nearest ones. */
function nearest(all: readonly (Closest | undefined)[]): Closest | undefined {
  let best: Closest | undefined;
  for (const one of all) if (one && (!best || one.distance < best.distance)) best = one;
  return best;
}

/** The nearest ones together: several worktrees of a bare repository may have a project each. */
function nearestOfAll(all: readonly (Closest | undefined)[]): Closest | undefined {
  const distance = nearest(all)?.distance;
  if (distance === undefined) return undefined;
  const projects = all.flatMap((one) => (one?.distance === distance ? one.projects : []));
  return { distance, projects: [...new Set(projects)] };
}

function found(match: Closest | undefined, path: string, by: Found['by']): Found | undefined {
  const [project, ...others] = match?.projects ?? [];
  if (!project) return undefined;
  if (others.length > 0) throw ambiguous(path, [project, ...others]);
  return { project, by };
}
