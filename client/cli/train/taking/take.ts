/** Taking a lease: on the project that was named, or on the one that has waited longest; and waiting for it. */
import type { Client } from '../../../client.ts';
import type { WireProject } from '../../../../src/domain/encoding.ts';
import type { RegistryError } from '../../../../src/domain/errors.ts';
import { isRefusal } from '../../../../src/domain/values/refusal.ts';
import type { Holder } from '../../../../src/domain/project.ts';
import type { Params, Result } from '../../../../src/protocol/methods.ts';
import type { Context } from '../../context.ts';
import { printable, relativeTime } from '../../terminal/text.ts';
import { isPassing, removed } from '../../../training/refusals.ts';
import { beginLease, isHeldByUs } from '../../../training/begin.ts';
import { askForSlot } from './slot.ts';
import { Wait } from './wait.ts';

/** What is asked of whichever lease is given. */
export type Terms = Pick<Params<'training.begin'>, 'holder' | 'stall_ms' | 'slot'>;

type Begun = Result<'training.begin'>;

export interface Named {
  readonly id: string;
  readonly name: string;
}

interface WaitOptions {
  /** Seconds to wait for a project and a slot, together; true for as long as it takes. */
  readonly wait?: number | true | undefined;
  /** Ends the wait by throwing its reason; what was asked for meanwhile is given back. */
  readonly signal?: AbortSignal | undefined;
}

interface NamedOptions extends WaitOptions {
  readonly force?: boolean | undefined;
}

/**
 * Takes the lease on a project. A daemon that goes away while it waits is waited for, too.
 *
 * @throws {RegistryError} `lease_held` and `slot_taken` when the time is up, and what else is final
 */
export async function takeNamed(
  ctx: Context,
  client: Client,
  terms: Terms,
  { id, name }: Named,
  { force, wait, signal }: NamedOptions,
): Promise<Begun> {
  const waiting = new Wait(ctx, wait ?? 0, signal);
  const begin = (wait_ms?: number): Promise<Begun> => {
    const params = { ...terms, project: id, ...(force && { force }) };
    const ask = () => client.training.begin({ ...params, ...(wait_ms !== undefined && { wait_ms }) });
    return beginLease(client, ask, { signal, isWaiting: Boolean(wait_ms) });
  };
  const take = async (): Promise<Begun | null> => {
    if (!terms.slot) return await begin();
    const patience = wait === undefined ? new Wait(ctx, true, signal) : waiting;
    return await askForSlot(ctx, { waiting: patience, isForProject: false }, begin);
  };
  let told: string | undefined;
  for (let isFirst = true; ; isFirst = false) {
    try {
      const begun = await take();
      if (begun) return begun;
    } catch (error) {
      if (isRefusal(error, 'project_not_found') && !isFirst) {
        throw removed(error, `cannot train "${name}": the project was removed`);
      }
      if (waiting.left === 0) throw error;
      if (isRefusal(error, 'lease_held')) {
        const who = holderOf(ctx, error);
        if (who !== told && who !== undefined) ctx.note(`waiting for "${printable(name)}": ${who}`);
        told = who ?? told;
        await whenFree(client, id, waiting);
      } else if (!isFirst && isPassing(error)) await waiting.overcome(error);
      else throw error;
    }
  }
}

/** Resolves when nobody trains it, or when somebody has to be asked again why that is not known. */
async function whenFree(client: Client, project: string, waiting: Wait): Promise<void> {
  const { signal } = waiting;
  try {
    await client.training.wait({ project, wait_ms: waiting.turn() }, { signal });
  } catch (error) {
    // To take it is to be told so.
    if (!isPassing(error) && !isRefusal(error, 'project_not_found')) throw error;
    await waiting.overcome(error);
  }
}

/** Undefined for this very process. */
function holderOf(ctx: Context, error: RegistryError): string | undefined {
  const { holder, project } = error.data as { holder?: Holder | null; project?: Partial<WireProject> };
  if (isHeldByUs(error)) return undefined;
  const pid = holder?.pid === undefined ? '' : ` (process ${holder.pid})`;
  const started = project?.training?.started_at;
  const since = started ? `, begun ${relativeTime(started, ctx.host.now())}` : '';
  return `${printable(holder?.name ?? 'somebody')} trains it${pid}${since}`;
}

interface ClaimOptions extends WaitOptions {
  readonly language?: readonly string[] | undefined;
  readonly tag?: readonly string[] | undefined;
}

/** Takes the lease on the project that has waited longest; null where none does. */
export async function claim(
  ctx: Context,
  client: Client,
  terms: Terms,
  { language, tag, wait, signal }: ClaimOptions,
): Promise<Begun | null> {
  const filter = { ...(language && { languages: [...language] }), ...(tag && { tags: [...tag] }) };
  const ask = (wait_ms: number): Promise<Result<'training.claim'>> =>
    beginLease(client, () => client.training.claim({ ...terms, ...filter, wait_ms }), {
      signal,
      isWaiting: wait_ms > 0,
    });
  const waiting = new Wait(ctx, wait ?? true, signal);
  return await askForSlot(ctx, { waiting, isForProject: wait !== undefined }, ask);
}
