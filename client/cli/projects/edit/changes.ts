/** Changing a project that others change too. */
import type { Client } from '../../../client.ts';
import type { WireProject } from '../../../../src/domain/encoding.ts';
import type { Params } from '../../../../src/protocol/methods.ts';
import { isRefusal } from '../../../../src/domain/values/refusal.ts';

/** What changes, without which project and which state of it. */
export type Changes = Omit<Params<'projects.update'>, 'project' | 'if_etag'>;

/** Attempts against others who change the same project: editors touch one on every prompt. */
const MAX_ATTEMPTS = 20;

/**
 * Makes changes that hold whatever else has happened to the project meanwhile.
 *
 * @param changes works them out from the current state, again when somebody else was faster
 */
export async function updateCurrent(
  client: Client,
  before: WireProject,
  changes: (current: WireProject) => Changes,
): Promise<WireProject> {
  let current = before;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.projects.update({
        ...changes(current),
        project: current.project_id,
        if_etag: current.etag,
      });
    } catch (error) {
      if (!isRefusal(error, 'etag_mismatch') || attempt >= MAX_ATTEMPTS) throw error;
      current = await client.projects.get({ project: current.project_id });
    }
  }
}
