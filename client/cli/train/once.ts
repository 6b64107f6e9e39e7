/** One training: its lease is taken, its trainer run, and how that went is told. */
import type { Client } from '../../client.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../errors.ts';
import type { Finish } from './end.ts';
import type { Begun } from './environment.ts';
import { runTrainer, type Work } from './run.ts';
import { Stop } from './stop.ts';

type Told = Pick<Finish, 'exitCode' | 'document'>;

const NOTHING_WAITS: Told = {
  exitCode: EXIT.nothingWaits,
  document: { outcome: 'nothing_waits', exit_code: null, signal: null, project: null },
};

/**
 * Trains once, and sets the exit code. A signal that comes before there is a trainer ends that, and leaves no lease.
 *
 * @param take takes the lease; null where no project waits
 */
export async function trainOnce(
  ctx: Context,
  client: Client,
  work: Work,
  take: (signal: AbortSignal) => Promise<Begun | null>,
): Promise<void> {
  const stop = new Stop(ctx);
  let training: Promise<Told> | undefined;
  try {
    const begun = await take(stop.signal);
    // From now on signals are the trainer's.
    training = begun ? runTrainer(ctx, client, begun, work) : undefined;
  } catch (error) {
    if (stop.exitCode === undefined) throw error;
    stop.clear();
    ctx.exitCode = stop.exitCode;
    return;
  } finally {
    stop.end();
  }
  if (!training) ctx.note('no project waits for training');
  const { exitCode, document } = (await training) ?? NOTHING_WAITS;
  ctx.exitCode = exitCode;
  if (ctx.json) ctx.printJson(document);
}
