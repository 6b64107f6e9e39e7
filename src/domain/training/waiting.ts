/** Which projects wait for training, and in which order. */
import type { Project } from '../project.ts';
import type { RegistryView } from '../registry.ts';
import { standing, wasLost } from './record.ts';

/** A project whose lease was lost this many times running is no longer handed out by `training.claim`. */
export const MAX_LOST_ATTEMPTS = 3;

/** What a trainer can train. */
export interface Filter {
  readonly languages?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
}

/**
 * The project that has waited longest for training: those with a request first, then those never trained, then
 * those whose lease was lost fewer than {@link MAX_LOST_ATTEMPTS} times running.
 *
 * @param isFree whether nobody holds or is taking a lease on it
 */
export function nextWaiting(
  view: RegistryView,
  filter: Filter,
  isFree: (id: string) => boolean,
): Project | null {
  let best: Waiting | null = null;
  for (const waits of free(view.projects(), isFree)) {
    if (fits(waits.project, filter) && (!best || compare(waits, best) < 0)) best = waits;
  }
  return best?.project ?? null;
}

/**
 * Those among projects that wait, that which has waited longest first.
 *
 * @param isFree as above; by default whether it is said of the project that it is trained
 */
export function allWaiting<P extends Project>(
  projects: Iterable<P>,
  isFree: (id: string) => boolean = () => true,
): P[] {
  return [...free(projects, isFree)].toSorted(compare).map(({ project }) => project);
}

function* free<P extends Project>(
  projects: Iterable<P>,
  isFree: (id: string) => boolean,
): Generator<Waiting<P>> {
  for (const project of projects) {
    const waits = waiting(project);
    if (waits && isFree(project.project_id)) yield waits;
  }
}

export function fits(project: Project, { languages, tags }: Filter): boolean {
  if (languages && !languages.includes(project.language)) return false;
  return !tags || tags.some((tag) => project.tags.includes(tag));
}

interface Waiting<P extends Project = Project> {
  readonly project: P;
  readonly rank: number;
  readonly since: string;
}

function compare(a: Waiting, b: Waiting): number {
  return a.rank - b.rank || (a.since < b.since ? -1 : a.since > b.since ? 1 : 0);
}

function waiting<P extends Project>(project: P): Waiting<P> | null {
  if (project.training_status === 'training') return null;
  if (project.retrain_requested) return { project, rank: 0, since: project.retrain_requested.at };
  if (project.training_status === 'not_started') return { project, rank: 1, since: project.created_at };
  const standsAt = standing(project);
  if (wasLost(standsAt) && standsAt.attempt < MAX_LOST_ATTEMPTS) {
    return { project, rank: 2, since: project.last_updated };
  }
  return null;
}
