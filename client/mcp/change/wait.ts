/** Waiting until there is nothing more to wait for with a project. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import { isLeaseRecorded } from '../../../src/domain/training/record.ts';
import { allWaiting } from '../../../src/domain/training/waiting.ts';
import { isAway, type WatchEvent } from '../../watch.ts';
import { deadlineIn, pause, within } from '../../wire/deadline.ts';
import type { Session } from '../session.ts';
import type { Call } from '../tool.ts';

/** Until the daemon has to have told how it stands, once the time is up. Milliseconds. */
const LAST_LOOK_MS = 3_000;
/** Between two attempts to reach a daemon that does not run. Milliseconds. */
const AGAIN_MS = 500;

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
 * @param ms milliseconds; where they are over, how it stands is asked for, which may take three seconds more
 * @throws {RegistryError} `project_not_found` once it is removed
 * @throws {ConnectionError} where it cannot be told how it stands: what was known before may be true no more
 * @throws the reason of the call's signal
 */
export async function whenTrained(
  session: Session,
  project: WireProject,
  ms: number,
  { signal, tell }: Call,
): Promise<Waited> {
  const client = await session.client();
  let now = project;
  let wasTrained = false;
  const note = (as: WireProject): void => {
    now = as;
    if (isLeaseRecorded(now)) wasTrained = true;
  };
  const hasEnded = (): boolean => !isLeaseRecorded(now) && (wasTrained || !isPending(now));
  const look = async (options: { signal: AbortSignal; deadline?: number }): Promise<void> => {
    note(await client.projects.get({ project: project.project_id }, options));
  };
  /** A daemon that has just ended is waited for here, too, as the subscription does. */
  const lookOnce = async (cut: AbortSignal): Promise<void> => {
    for (;;) {
      try {
        return await look({ signal: cut });
      } catch (error) {
        if (!isAway(error)) throw error;
      }
      await pause(AGAIN_MS, cut);
    }
  };
  const follow = async (cut: AbortSignal): Promise<void> => {
    for await (const event of session.changes.follow(client, cut)) {
      if (event !== undefined) note(after(event, now));
      // An event may be late.
      if (event === undefined || hasEnded()) await lookOnce(cut);
      if (hasEnded()) return;
      const { progress, phase, message } = now.training ?? {};
      if (isLeaseRecorded(now) && progress != null) tell?.(progress, 1, message ?? phase ?? undefined);
    }
  };
  note(project);
  if (hasEnded()) return { project, isCut: false };
  const timeIsUp = new Error('the time is up');
  try {
    await within({ deadline: deadlineIn(ms, () => timeIsUp), signal }, follow);
  } catch (error) {
    if (error !== timeIsUp) throw error;
    // Nothing is heard of a daemon that is gone or hangs either.
    await look({ signal, deadline: LAST_LOOK_MS });
  }
  return { project: now, isCut: !hasEnded() };
}

/** As the project is after an event, which may be about another one. */
function after(event: WatchEvent, before: WireProject): WireProject {
  const { project_id: id } = before;
  switch (event.type) {
    case 'resync':
      return event.projects.find((one) => one.project_id === id) ?? gone(before);
    case 'removed':
      return event.project_id === id ? gone(before) : before;
    case 'registered':
    case 'updated':
    case 'training':
    case 'progress':
      return event.project.project_id === id ? event.project : before;
    default:
      return before;
  }
}

function gone({ name }: WireProject): never {
  const message = `"${name}" was removed while its training was waited for`;
  throw new RegistryError('project_not_found', message, { project: name });
}
