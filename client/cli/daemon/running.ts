/** The daemon that runs, if there is one: asked, ended, or left alone where it is not ours. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../../client.ts';
import { ConnectionError, isEnding } from '../../errors.ts';
import { isDaemonOf, LOOK_FOR_DAEMON } from '../../../src/claim/process-ids.ts';
import type { Result } from '../../../src/protocol/methods.ts';
import type { Context } from '../context.ts';
import { elsewhere, type Elsewhere, requireHere } from '../elsewhere.ts';
import { LocalError, UsageError } from '../errors.ts';
import { leftBy } from './left-content.ts';
import { isGone } from './processes.ts';
import { shellWord } from '../terminal/text.ts';

/** A daemon drains within 10 s; a busy machine gets a little more. Milliseconds. */
const STOP_MS = 15_000;
const LOOK_EVERY_MS = 25;

/** Where none may be started; nor is one on such a socket, because whose data it would serve is not known. */
export function refuseToStart(ctx: Context, what: 'start' | 'restart'): void {
  if (!ctx.autoStart) {
    throw new UsageError(`cannot ${what} the daemon: --no-start forbids it`, `gardener daemon ${what}`);
  }
  if (!ctx.socketAlone) return;
  const { dataDir } = ctx.location;
  const how = dataDir
    ? 'by CODEBASE_GARDENER_SOCKET and its data directory by a flag'
    : 'without a data directory';
  throw new UsageError(
    `cannot ${what} the daemon: its socket was given ${how}, and may lead to another machine`,
    `gardener daemon ${what} --data-dir ${dataDir ? shellWord(dataDir) : '<path>'} --socket ${shellWord(ctx.paths.socket)}`,
  );
}

/**
 * Refuses what would put a daemon of these data in the place of one that has others.
 *
 * @param what cannot be done
 * @param command to be run where that one is
 * @throws {LocalError}
 */
export async function refuseElsewhere(ctx: Context, what: string, command: string): Promise<void> {
  const place = await whenRunning(ctx, async (client) => elsewhere(ctx, await client.daemon.status()));
  requireHere(place ?? null, what, command);
  if (!place?.directory) return;
  throw new LocalError(
    `cannot ${what}: the daemon is ${place.where}`,
    `${command} --data-dir ${shellWord(place.directory)} --socket ${shellWord(ctx.paths.socket)}`,
  );
}

/** Does something with the daemon if there is one; undefined when there is none. */
export async function whenRunning<T>(
  ctx: Context,
  work: (client: Client) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await ctx.withClient(work, { autoStart: false });
  } catch (error) {
    if (error instanceof ConnectionError && error.reason === 'not_running') return undefined;
    throw error;
  }
}

/**
 * Asks the daemon to end and waits until it has. Undefined when there is none.
 *
 * The connection tells: a daemon closes it once everything is written and the socket given up, and the system does when
 * the process dies. Its process id tells nothing where it is in a container, whose numbers are other processes' here;
 * where it is the daemon's, the process is waited for as well.
 */
export async function end(ctx: Context, reason: string): Promise<Ended | undefined> {
  return await whenRunning(ctx, async (client) => {
    const status = await client.daemon.status();
    const { pid, manager } = status;
    // Before it takes its traces with it.
    const place = await elsewhere(ctx, status);
    const { data_dir: dataDir }: Partial<typeof status> = status;
    // On another machine it leaves nothing here.
    const { left } = await leftBy(place ? undefined : dataDir, () => endAndWait(client, status, reason));
    return { pid, manager, left, place };
  });
}

/** A daemon that was ended. */
interface Ended extends Pick<Result<'daemon.status'>, 'pid' | 'manager'> {
  /** The path of a content that it could not write where it belongs. */
  readonly left: string | null;
  /** Where it was, when not here. */
  readonly place: Elsewhere | null;
}

async function endAndWait(
  client: Client,
  { pid, socket }: Pick<Result<'daemon.status'>, 'pid' | 'socket'>,
  reason: string,
): Promise<void> {
  const isHere = isDaemonOf(pid, socket);
  try {
    await client.daemon.shutdown({ reason });
  } catch (error) {
    if (!isEnding(error)) throw error;
  }
  const limit = performance.now() + STOP_MS;
  const isOver = async (): Promise<boolean> => !client.connected && (!isHere || (await isGone(pid)));
  while (!(await isOver())) {
    if (performance.now() > limit) throw stillThere(pid, socket);
    await pause(LOOK_EVERY_MS);
  }
}

function stillThere(pid: number, socket: string): LocalError {
  const [who, remedy] = isDaemonOf(pid, socket)
    ? [`process ${pid} is still there`, `force it: kill -9 ${pid}`]
    : ['it has not ended', LOOK_FOR_DAEMON];
  return new LocalError(
    `cannot stop the daemon: ${who} after ${STOP_MS / 1000} s`,
    `gardener daemon logs, or ${remedy}`,
  );
}
