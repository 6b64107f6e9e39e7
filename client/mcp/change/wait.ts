/** Waiting until there is nothing more to wait for with a project. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import { isLeaseRecorded } from '../../../src/domain/training/record.ts';
import { allWaiting } from '../../../src/domain/training/waiting.ts';
import type { Client } from '../../client.ts';
import { deadlineIn, within } from '../../wire/deadline.ts';
import type { WatchEvent } from '../../watch.ts';
import type { Call } from '../tool.ts';

interface Waited {
  /** As it is when the wait ends. */
  readonly project: WireProject;
  /** Whether the time was up before there was an end. */
  readonly isCut: boolean;
}

/** Whether a project is being trained, or waits for a trainer. */
export function isPending(project: WireProject): boolean {
  return isLeaseRecorded(project) || allWaiting([project]).length > 0;
}

/**
 * Waits until the training of a project has ended, first until somebody has begun with one that waits for a trainer; also
 * through a restart of the daemon. The call tells how far the trainer says to be.
 *
 * One that was given back waits for a trainer again, and has ended all the same.
 *
 * @param ms milliseconds
 * @throws {RegistryError} `project_not_found` once it is removed
 * @throws the reason of the call's signal
 */
export async function whenTrained(
  client: Client,
  project: WireProject,
  ms: number,
  { signal, tell }: Call,
): Promise<Waited> {
  let now = project;
  let wasTrained = false;
  const hasEnded = (): boolean => {
    if (isLeaseRecorded(now)) wasTrained = true;
    return !isLeaseRecorded(now) && (wasTrained || !isPending(now));
  };
  const follow = async (cut: AbortSignal): Promise<void> => {
    const { project_id: id } = project;
    for await (const event of client.watch({ project: id, progress: true, signal: cut })) {
      now = after(event, now);
      if (hasEnded()) return;
      const { progress, phase, message } = now.training ?? {};
      if (isLeaseRecorded(now) && progress != null) tell?.(progress, 1, message ?? phase ?? undefined);
    }
  };
  if (hasEnded()) return { project, isCut: false };
  const timeIsUp = new Error('the time is up');
  await within({ deadline: deadlineIn(ms, () => timeIsUp), signal }, follow).catch((error: unknown) => {
    if (error !== timeIsUp) throw error;
  });
  return { project: now, isCut: !hasEnded() };
}

function after(event: WatchEvent, before: WireProject): WireProject {
  switch (event.type) {
    case 'resync':
      return event.projects[0] ?? gone(before);
    case 'removed':
      return gone(before);
    case 'registered':
    case 'updated':
    case 'training':
    case 'progress':
      return event.project;
    default:
      return before;
  }
}

function gone({ name }: WireProject): never {
  const message = `"${name}" was removed while its training was waited for`;
  throw new RegistryError('project_not_found', message, { project: name });
}
