/** A project as a file has it, made complete. */
import { blankProject, blankTraining, type Project, type Training } from './project.ts';
import type { StoredProject } from './schema.ts';
import { cleanName } from './values/names.ts';
import { canonicalTime, timeOf } from './values/time.ts';

/**
 * A stored project, complete and in the registry's form; fields this version does not know stay.
 *
 * @param now fills in for timestamps that the file does not have
 */
export function completeProject(stored: StoredProject, id: string, now: string): Project {
  const { etag: _onlyOnTheWire, ...known } = stored;
  const created = timeOf(stored.created_at) ?? timeOf(stored.last_updated) ?? now;
  const updated = timeOf(stored.last_updated) ?? created;
  return {
    ...blankProject(id, stored.name, stored.source_path, now),
    ...known,
    project_id: id,
    name: cleanName(stored.name),
    created_at: created,
    last_updated: updated,
    last_trained: timeOf(stored.last_trained),
    last_used: timeOf(stored.last_used),
    training: stored.training ? completeTraining(stored.training) : null,
    retrain_requested: completeRequest(stored.retrain_requested),
    trained_from: stored.trained_from ?? null,
    base_model: stored.base_model ?? null,
    repository: stored.repository ? { root_commit: null, remote: null, ...stored.repository } : null,
  } as Project;
}

function completeTraining(stored: NonNullable<StoredProject['training']>): Training {
  const { eta_s: _onlyOnTheWire, ...known } = stored;
  const { before } = known;
  return {
    ...blankTraining(),
    ...known,
    started_at: timeOf(stored.started_at),
    updated_at: timeOf(stored.updated_at),
    ...(before && {
      before: {
        ...before,
        ...(before.retrain_requested && { retrain_requested: completeRequest(before.retrain_requested) }),
      },
    }),
  } as Training;
}

function completeRequest(stored: StoredProject['retrain_requested']): Project['retrain_requested'] {
  return stored ? { ...stored, at: canonicalTime(stored.at) ?? stored.at } : null;
}
