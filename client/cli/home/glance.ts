/** What there is to see at a glance: asked for at once, and what is told of many put in order here. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { allWaiting } from '../../../src/domain/training/waiting.ts';
import type { Result } from '../../../src/protocol/methods.ts';
import type { Client } from '../../client.ts';
import { type Compared, withAhead } from '../codebase/behind.ts';
import type { Context } from '../context.ts';
import { elsewhere, type Elsewhere } from '../elsewhere.ts';
import { goneAmong } from '../../codebase/gone.ts';
import { listAll } from '../projects/list.ts';
import { type Here, projectHere } from './here.ts';

export interface Glance {
  readonly daemon: Result<'daemon.status'>;
  readonly registry: Result<'registry.info'>;
  /** Where the daemon is when it has other files than those here. */
  readonly place: Elsewhere | null;
  readonly active: WireProject | null;
  readonly here: Here;
  /** The longest first. */
  readonly training: readonly WireProject[];
  /** In the order in which they are claimed. */
  readonly waiting: readonly WireProject[];
  /** Those that nobody asked to train again since, the last one first. */
  readonly failed: readonly WireProject[];
  /** The last one first. */
  readonly trained: readonly WireProject[];
  /** Of the project here and the active one, those whose code has commits that they were not trained from. */
  readonly stale: readonly Compared[];
  /** Codebases that are not where the registry has them. */
  readonly gone: readonly Missing[];
  /** Whether a disk did not answer, so that it cannot be told which are gone. */
  readonly silent: boolean;
}

export interface Missing {
  readonly project: WireProject;
  /** A codebase with the same history that is in no project, and so may be this one; null where none was found. */
  readonly moved_to: string | null;
}

export async function lookAround(ctx: Context, client: Client): Promise<Glance> {
  // The disk first, which takes longest.
  const [gone, { projects, ...known }] = await Promise.all([goneAmong(client), lookAtRegistry(ctx, client)]);
  const missing = projects.filter(({ project_id: id }) => gone.ids.has(id));
  const moved = missing.length > 0 && !known.place ? await findMovedAmong(ctx, missing, projects) : undefined;
  return {
    ...known,
    gone: missing.map((project) => ({ project, moved_to: moved?.get(project.project_id) ?? null })),
    silent: gone.silent,
  };
}

async function findMovedAmong(
  ctx: Context,
  missing: readonly WireProject[],
  projects: readonly WireProject[],
): Promise<ReadonlyMap<string, string>> {
  const { findMoved } = await import('./moved.ts');
  return await findMoved(missing, projects, ctx.host.env);
}

/** All that the daemon knows without asking a disk, and what git says of projects in use. */
async function lookAtRegistry(
  ctx: Context,
  client: Client,
): Promise<Omit<Glance, 'gone' | 'silent'> & { readonly projects: readonly WireProject[] }> {
  const [daemon, registry, projects, here] = await Promise.all([
    client.daemon.status(),
    client.registry.info(),
    listAll(client, {}),
    projectHere(ctx, client),
  ]);
  const active = projects.find(({ project_id: id }) => id === registry.active_project) ?? null;
  return {
    projects,
    daemon,
    registry,
    place: await elsewhere(ctx, daemon),
    active,
    here,
    training: latest(projects, 'training', (one) => one.training?.started_at).toReversed(),
    waiting: allWaiting(projects),
    failed: latest(projects, 'failed', (one) => one.training?.updated_at).filter(isToLookAt),
    trained: latest(projects, 'completed', (one) => one.last_trained),
    stale: await staleAmong(ctx, client, [here.project, active]),
  };
}

/** Whoever has cancelled a training, or asked for another one, knows. */
function isToLookAt({ training, retrain_requested: retrain }: WireProject): boolean {
  return !retrain && training?.outcome !== 'cancelled';
}

/** Those with a status, by a time of theirs in the registry's form, which sorts as text; the last one first. */
function latest(
  projects: readonly WireProject[],
  status: WireProject['training_status'],
  timeOf: (project: WireProject) => string | null | undefined,
): WireProject[] {
  const time = (project: WireProject): string => timeOf(project) ?? project.last_updated;
  return projects
    .filter(({ training_status: one }) => one === status)
    .toSorted((a, b) => (time(a) < time(b) ? 1 : time(a) > time(b) ? -1 : 0));
}

/** Only of those that are used: asking git about all of them takes longer than a glance. */
async function staleAmong(
  ctx: Context,
  client: Client,
  used: readonly (WireProject | null)[],
): Promise<Compared[]> {
  const trained = used.filter((project) => project?.training_status === 'completed') as WireProject[];
  const each = [...new Map(trained.map((project) => [project.project_id, project])).values()];
  const compared = await withAhead(ctx, client, each);
  return compared.filter(({ ahead, trained_from: from }) => ahead !== null && ahead > 0 && !from?.dirty);
}
