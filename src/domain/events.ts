/** What subscribers are told of the changes of the registry. */
import { wireJson, type WireProject } from './encoding.ts';
import type { Change, Outcome } from './registry.ts';
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
  /** How the lease on the project has ended; of `training`, where that is what has happened. */
  readonly outcome?: Outcome;
  readonly origin: Origin;
  readonly at: string;
}

/**
 * The event of one change, as JSON. Its projects are spliced in as they were written out for answers.
 *
 * @param active the project that is active after the change, where the change is about that
 */
export function eventJson(change: Change, origin: Origin, at: string, active: Project | undefined): string {
  const about = (type: ChangeEvent['type'], id: string | null): string =>
    `{"type":"${type}","project_id":${JSON.stringify(id)},"origin":"${origin}","at":"${at}"`;
  if ('active' in change) {
    const project = active ? `,"project":${wireJson(active)}` : '';
    return `${about('activated', change.active)}${project},"previous":${JSON.stringify(change.previous)}}`;
  }
  const { id, before, after, outcome } = change;
  const project = after ? `,"project":${wireJson(after)}` : '';
  const previous = before ? `,"previous":${wireJson(before)}` : '';
  const ended = outcome ? `,"outcome":"${outcome}"` : '';
  return `${about(typeOf(before, after), id)}${project}${previous}${ended}}`;
}

function typeOf(before: Project | undefined, after: Project | undefined): ChangeEvent['type'] {
  if (!after) return 'removed';
  if (!before) return 'registered';
  return trainingOf(before) === trainingOf(after) ? 'updated' : 'training';
}

function trainingOf({ training_status, training, retrain_requested }: Project): string {
  return JSON.stringify([training_status, training, retrain_requested]);
}
