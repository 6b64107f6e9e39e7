/** Events as JSON text: written once for all who get them, with projects spliced in as they were written for answers. */
import { type WireProject, wireJson } from '../../domain/encoding.ts';
import type { Project } from '../../domain/project.ts';
import type { Change, Origin } from '../../domain/draft.ts';
import type { RegistryView } from '../../domain/registry.ts';
import { jsonText } from '../../domain/values/text.ts';
import type { RegistryEvent } from '../../protocol/events.ts';
import { RawJson } from '../../protocol/wire.ts';
import type { Problem } from '../../store/problem.ts';

/** What subscribers see. */
export interface Watched {
  /** The committed state. */
  readonly registry: RegistryView;
  readonly problem: Problem | null;
  /** Whether changes are refused because of the problem. */
  readonly readOnly: boolean;
}

/** An event with members that may be written already. */
type Spliced<E> = E extends unknown ? { readonly [K in keyof E]: E[K] | RawJson<E[K]> } : never;

/** An event as JSON, with its members in the order in which they are given. */
export function eventText(event: Spliced<RegistryEvent>): string {
  return `{${membersText(event)}}`;
}

function membersText(members: object): string {
  return Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `"${name}":${value instanceof RawJson ? value.json : jsonText(value)}`)
    .join(',');
}

function written(project: Project): RawJson<WireProject> {
  return new RawJson(wireJson(project));
}

/**
 * The event of one change.
 *
 * @param at ISO 8601
 * @param active the project that is active after the change, where the change is about that
 */
export function changeText(change: Change, origin: Origin, at: string, active: Project | undefined): string {
  if ('active' in change) {
    const { active: project_id, previous } = change;
    const project = active && written(active);
    return eventText({ type: 'activated', project_id, origin, at, project, previous });
  }
  const { id, before, after, outcome } = change;
  const about = { project_id: id, origin, at };
  if (!after) return eventText({ type: 'removed', ...about, previous: written(before) });
  if (!before) return eventText({ type: 'registered', ...about, project: written(after) });
  const step = { ...about, project: written(after), previous: written(before) };
  if (trainingOf(before) === trainingOf(after)) return eventText({ type: 'updated', ...step });
  return eventText({ type: 'training', ...step, outcome });
}

function trainingOf({ training_status, training, retrain_requested }: Project): string {
  return JSON.stringify([training_status, training, retrain_requested]);
}

/** What is wrong with the file, or that nothing is any more. */
export function conditionText({ problem, readOnly }: Watched, at: string): string {
  if (!problem) return eventText({ type: 'recovered', origin: 'file', at });
  return eventText({ type: 'problem', problem, read_only: readOnly, origin: 'file', at });
}

/**
 * What a subscription begins with, as the members of a JSON object.
 *
 * @param json of a project, with what is only in memory
 */
export function snapshotText(
  watched: Watched,
  projectId: string | undefined,
  json: (project: Project) => string,
): string {
  return membersText(snapshotOf(watched, projectId, json));
}

/** The same, in the place of events that were left out. */
export function resyncText(watched: Watched, projectId: string | undefined, at: string): string {
  return eventText({ type: 'resync', ...snapshotOf(watched, projectId, wireJson), origin: 'rpc', at });
}

function snapshotOf(
  { registry, problem, readOnly }: Watched,
  projectId: string | undefined,
  json: (project: Project) => string,
) {
  const projects = projectId === undefined ? registry.projects() : [registry.get(projectId)];
  const texts = Array.from(projects, (project) => project && json(project)).filter(Boolean);
  return {
    projects: new RawJson<WireProject[]>(`[${texts.join(',')}]`),
    active_project: registry.active,
    problem,
    read_only: readOnly,
  };
}
