/** What an agent names a training by that it has claimed. It says of which project it is, and is of use to its session only. */
import { cutText } from '../../../src/domain/values/text.ts';
import type { Client } from '../../api.ts';
import { isLost } from '../../training/refusals.ts';

/** As long as one is that is quoted; more is none. */
const MAX_SHOWN = 80;

/** @param project its id */
export function handleOf({ project, token }: { readonly project: string; readonly token: number }): string {
  return `${project}.${token}`;
}

/**
 * Why a handle is none of this session, and what to do.
 *
 * @throws what the registry has against being asked for its project
 */
export async function whyStrange(client: Client, handle: string, signal: AbortSignal): Promise<Error> {
  const [, project, token] = /^([\w-]+)\.(\d+)$/.exec(handle) ?? [];
  const shown = cutText(handle, MAX_SHOWN);
  const unknown = new Error(`there is no training "${shown}": give the handle as claim_training answered it`);
  if (project === undefined) return unknown;
  try {
    const { project_id: id, name, training } = await client.projects.get({ project }, { signal });
    const last = training?.token ?? 0;
    if (id !== project || last < Number(token)) return unknown;
    const holder = last === Number(token) ? training?.holder : undefined;
    // Whether there has ever been one nobody knows.
    if (!holder)
      return new Error(
        `no training "${shown}" of "${name}" is under way: give the handle as claim_training answered it; if that one is over, claim_training begins another`,
      );
    const who = `${holder.name ?? 'somebody'}${holder.pid === undefined ? '' : ` (process ${holder.pid})`}`;
    return new Error(
      `cannot go on with the training of "${name}": another session has claimed it, ${who}; leave it to that one`,
    );
  } catch (error) {
    if (isLost(error)) return unknown;
    throw error;
  }
}
