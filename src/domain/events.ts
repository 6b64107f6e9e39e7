/** What subscribers are told of the changes of the registry. */
import { toWire, type WireProject } from './encoding.ts';
import type { Change } from './registry.ts';
import type { Project } from './project.ts';

/** Where a change came from. */
export type Origin = 'rpc' | 'file';

/** A change as subscribers see it. */
export interface ChangeEvent {
  readonly type: 'registered' | 'updated' | 'removed' | 'activated' | 'training';
  /** For `activated` null when no project is active any more. */
  readonly project_id: string | null;
  readonly project?: WireProject;
  /** The project before; for `activated` the id of the project that was active. */
  readonly previous?: WireProject | string | null;
  readonly origin: Origin;
  readonly at: string;
}

/**
 * The event of one change.
 *
 * @param find the project of an id, after the change
 */
export function eventOf(
  change: Change,
  origin: Origin,
  at: string,
  find: (id: string) => Project | undefined,
): ChangeEvent {
  if ('active' in change) {
    const project = change.active === null ? undefined : find(change.active);
    return {
      type: 'activated',
      project_id: change.active,
      ...(project ? { project: toWire(project) } : {}),
      previous: change.previous,
      origin,
      at,
    };
  }
  const { id, before, after } = change;
  const about = { project_id: id, origin, at };
  if (!after) return { type: 'removed', ...about, ...(before ? { previous: toWire(before) } : {}) };
  if (!before) return { type: 'registered', ...about, project: toWire(after) };
  const type = trainingOf(before) === trainingOf(after) ? 'updated' : 'training';
  return { type, ...about, project: toWire(after), previous: toWire(before) };
}

function trainingOf({ training_status, training, retrain_requested }: Project): string {
  return JSON.stringify([training_status, training, retrain_requested]);
}
