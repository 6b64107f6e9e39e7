/** Beginning a lease, which is never left behind by whoever ends before it is used. */
import type { Client } from '../client.ts';
import { ConnectionError, RpcError } from '../errors.ts';
import { abortable, deadlineIn, inTime } from '../wire/deadline.ts';
import type { WireProject } from '../../src/domain/encoding.ts';
import { RegistryError } from '../../src/domain/errors.ts';
import { isRefusal } from '../../src/domain/values/refusal.ts';
import type { Holder } from '../../src/domain/project.ts';
import type { Result } from '../../src/protocol/methods.ts';
import { isApplied } from './refusals.ts';

/**
 * How long the answer is waited for that may bring a lease which nobody wants any more: of a call that has the daemon
 * wait it comes in the moment in which that is over, if at all. Milliseconds.
 */
const ANSWER_MS = 2_000;
const ANSWER_IN_WAIT_MS = 300;

interface Asked {
  /** Nobody wants the lease any more: by its reason, when it was given back. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the daemon waits in this call. */
  readonly isWaiting?: boolean;
}

/**
 * Begins a lease. One that stands although the daemon could not make sure that its record survives a power cut is taken
 * up: the next change of the registry makes sure of both.
 *
 * @param begin training.begin or training.claim
 */
export async function beginLease<T extends Result<'training.claim'>>(
  client: Client,
  begin: () => Promise<T>,
  { signal, isWaiting = false }: Asked = {},
): Promise<T | Result<'training.begin'>> {
  signal?.throwIfAborted();
  const begun = takenUp(client, begin);
  try {
    return await abortable(begun, signal);
  } catch (error) {
    if (signal?.aborted) await giveBack(client, begun, isWaiting ? ANSWER_IN_WAIT_MS : ANSWER_MS);
    throw error;
  }
}

async function takenUp<T extends Result<'training.claim'>>(
  client: Client,
  begin: () => Promise<T>,
): Promise<T | Result<'training.begin'>> {
  try {
    return await begin();
  } catch (error) {
    if (!isApplied(error)) throw error;
    const { token, project } = error.data as { token?: number; project?: WireProject };
    if (token === undefined || !project) throw error;
    return await client.training.resume({ project: project.project_id, token });
  }
}

async function giveBack(client: Client, begun: Promise<Result<'training.claim'>>, ms: number): Promise<void> {
  const late = (): Error =>
    new ConnectionError('timeout', 'cannot begin to train: no answer', { sent: true });
  // Also later, where it comes to nobody.
  const givenBack = begun.then(async (lease) => {
    if (!lease) return;
    const { project, token } = lease;
    await client.training.release({ project: project.project_id, token }, { deadline: ANSWER_MS });
  });
  try {
    await inTime(givenBack, { deadline: deadlineIn(ms, late) });
  } catch (error) {
    // There is no lease, or nobody who could be told: then the daemon sees that its holder is gone.
    const isAnswer = error instanceof RegistryError || error instanceof RpcError;
    if (!isAnswer && !(error instanceof ConnectionError)) throw error;
  }
}

/** Whether the lease in the way is of this very process: it has begun while the connection broke, and is over soon. */
export function isHeldByUs(error: unknown): boolean {
  if (!isRefusal(error, 'lease_held')) return false;
  return (error.data['holder'] as Holder | null | undefined)?.pid === process.pid;
}
