/** The adapter that a project has in service, and whether it knows the code as it is. */
import { access } from 'node:fs/promises';
import type { WireProject } from '../../src/domain/encoding.ts';
import { isMissing } from '../../src/system/errors.ts';
import { type Client, footingOf } from '../client.ts';
import { aheadOfEach } from '../codebase/source.ts';

/** Whoever asks for projects waits no longer for what git tells of them. Milliseconds. */
const GLANCE_MS = 300;

/** `outdated` where the code has new commits, or somebody has asked for retraining, until that has brought another. */
export const ADAPTER_STATES = ['none', 'current', 'outdated', 'unknown'] as const;

export interface Adapter {
  readonly adapter: (typeof ADAPTER_STATES)[number];
  /** Commits of the code that it was not trained with; missing where that is not known. */
  readonly commits_behind?: number;
  readonly lora_adapter_path?: string;
}

/** The adapter of each. On another machine neither git nor the disk is asked. */
export async function adaptersOf(client: Client, projects: readonly WireProject[]): Promise<Adapter[]> {
  const isHere = footingOf(client).isHere();
  const [ahead, paths] = await Promise.all([
    isHere ? aheadOfThem(projects) : [],
    Promise.all(projects.map((project) => inService(project, isHere))),
  ]);
  return projects.map((project, at) => adapterOf(project, paths[at] ?? null, ahead[at] ?? null));
}

function adapterOf(
  { retrain_requested: waiting, training, trained_from: from }: WireProject,
  path: string | null,
  ahead: number | null,
): Adapter {
  if (path === null) return { adapter: 'none' };
  // Whoever trains it has taken the request out of the line, and not yet met it.
  const request = waiting ?? training?.before?.retrain_requested;
  // What was not committed at the training may have been since: then the commits do not tell what the adapter knows.
  const isKnown = ahead !== null && !from?.dirty;
  const adapter = request || (isKnown && ahead > 0) ? 'outdated' : isKnown ? 'current' : 'unknown';
  // Of those that there are then, it may know some.
  const behind = isKnown || ahead === 0 ? ahead : null;
  return { adapter, ...(behind !== null && { commits_behind: behind }), lora_adapter_path: path };
}

/** Null where there is none; a new project names the place where one will be. Of other disks than the daemon's none is asked. */
async function inService(project: WireProject, isHere: boolean): Promise<string | null> {
  const { lora_adapter_path: path, last_trained: trained, project_id: id } = project;
  if (path === null || trained === null) return null;
  if (!isHere || !path.includes(`/projects/${id}/`)) return path;
  return await access(path).then(
    () => path,
    (error: unknown) => (isMissing(error) ? null : path),
  );
}

/** By how many commits the code of each is ahead of what it was trained from; null where git cannot tell in time. */
async function aheadOfThem(projects: readonly WireProject[]): Promise<readonly (number | null)[]> {
  // A daemon of an earlier version does not tell what a project was trained from.
  const since = projects.flatMap(({ source_path: directory, trained_from: from }) =>
    from ? [{ directory, commit: from.commit }] : [],
  );
  if (since.length === 0) return [];
  const told = (await aheadOfEach(since, process.env, { all: GLANCE_MS })).values();
  return projects.map(({ trained_from: from }) => (from ? (told.next().value ?? null) : null));
}
