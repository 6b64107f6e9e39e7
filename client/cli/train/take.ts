/** Taking a lease: on the project that was named, or on the one that has waited longest; and waiting for it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../../client.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { isRefusal, type RegistryError } from '../../../src/domain/errors.ts';
import type { Holder } from '../../../src/domain/project.ts';
import { MAX_WAIT_MS } from '../../../src/protocol/limits.ts';
import type { Params, Result } from '../../../src/protocol/methods.ts';
import type { Context } from '../context.ts';
import { printable, relativeTime } from '../terminal/text.ts';
import { removed } from './end.ts';
import { beginLease, isPassing } from './lease.ts';
import { askForSlot } from './slot.ts';
import { askInTurns, RETRY_MS } from './wait.ts';

/** What is asked of whichever lease is given. */
export type Terms = Pick<Params<'training.begin'>, 'holder' | 'stall_ms' | 'slot'>;

type Begun = Result<'training.begin'>;

export interface Named {
  readonly id: string;
  readonly name: string;
}

interface NamedOptions {
  readonly force?: boolean | undefined;
  /** Seconds to wait for the project and a slot, together; true for as long as it takes. */
  readonly wait?: number | true | undefined;
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
  { force, wait }: NamedOptions,
): Promise<Begun> {
  const limit = wait === true ? Infinity : performance.now() + (wait ?? 0) * 1000;
  const left = (): number => Math.max(0, limit - performance.now());
  const begin = (wait_ms?: number): Promise<Begun> =>
    beginLease(client, () => {
      const params = { ...terms, project: id, ...(force && { force }) };
      return client.training.begin({ ...params, ...(wait_ms !== undefined && { wait_ms }) });
    });
  const take = async (): Promise<Begun | null> => {
    if (!terms.slot) return await begin();
    return await askForSlot(ctx, typeof wait === 'number' ? left() / 1000 : wait, begin);
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
      if (left() === 0) throw error;
      if (isRefusal(error, 'lease_held')) {
        const who = holderOf(ctx, error);
        if (who !== told && who !== undefined) ctx.note(`waiting for "${printable(name)}": ${who}`);
        told = who ?? told;
        await whenFree(client, id, left());
      } else if (!isFirst && isPassing(error)) await pause(Math.min(RETRY_MS, left()));
      else throw error;
    }
  }
}

/** Resolves when nobody trains it, or when somebody has to be asked again why that is not known. */
async function whenFree(client: Client, project: string, ms: number): Promise<void> {
  try {
    await client.training.wait({ project, wait_ms: Math.min(MAX_WAIT_MS, Math.ceil(ms)) });
  } catch (error) {
    // To take it is to be told so.
    if (!isPassing(error) && !isRefusal(error, 'project_not_found')) throw error;
    await pause(Math.min(RETRY_MS, ms));
  }
}

/** Undefined for this very process: its lease has begun while the connection broke, and is over soon. */
function holderOf(ctx: Context, { data }: RegistryError): string | undefined {
  const { holder, project } = data as { holder?: Holder | null; project?: Partial<WireProject> };
  if (holder?.pid === process.pid) return undefined;
  const pid = holder?.pid === undefined ? '' : ` (process ${holder.pid})`;
  const started = project?.training?.started_at;
  const since = started ? `, begun ${relativeTime(started, ctx.host.now())}` : '';
  return `${printable(holder?.name ?? 'somebody')} trains it${pid}${since}`;
}

interface ClaimOptions {
  readonly language?: readonly string[] | undefined;
  readonly tag?: readonly string[] | undefined;
  /** Seconds to wait for a project to train, and for a slot; true for as long as it takes. */
  readonly wait?: number | true | undefined;
  /** Ends the wait by throwing its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Takes the lease on the project that has waited longest; null where none does. */
export async function claim(
  ctx: Context,
  client: Client,
  terms: Terms,
  { language, tag, wait, signal }: ClaimOptions,
): Promise<Begun | null> {
  const ask = (wait_ms: number): Promise<Result<'training.claim'>> => {
    const filter = { ...(language && { languages: [...language] }), ...(tag && { tags: [...tag] }) };
    return beginLease(client, () => client.training.claim({ ...terms, ...filter, wait_ms }, { signal }));
  };
  if (terms.slot) return await askForSlot(ctx, wait, ask);
  return await askInTurns(wait ?? 0, async (waitMs) => {
    try {
      return await ask(waitMs);
    } catch (error) {
      if (!isPassing(error) || waitMs === 0) throw error;
      await pause(Math.min(RETRY_MS, waitMs), undefined, { signal });
      return null;
    }
  });
}
