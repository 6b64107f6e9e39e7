/** `gardener daemon run|start|stop|restart|status`. */
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Client } from '../../client.ts';
import { ConnectionError, isEnding } from '../../errors.ts';
import { isDaemonOf, LOOK_FOR_DAEMON } from '../../../src/claim/process-ids.ts';
import type { Result } from '../../../src/protocol/methods.ts';
import type { Context } from '../context.ts';
import { elsewhere, type Elsewhere, requireHere } from '../elsewhere.ts';
import { LocalError, NotRunningError, UsageError } from '../errors.ts';
import { layFields } from '../terminal/fields.ts';
import { leftBy, noteLeft } from './left-content.ts';
import { isGone } from './processes.ts';
import { managerWords, placeText, releaseText } from './status.ts';
import { layTable } from '../terminal/table.ts';
import { byteSize, duration, plural, printable, shellWord, thousands } from '../terminal/text.ts';

export interface RunOptions {
  /** Seconds. */
  readonly idleTimeout?: number;
  readonly logLevel?: string;
}

/** A daemon drains within 10 s; a busy machine gets a little more. Milliseconds. */
const STOP_MS = 15_000;
const LOOK_EVERY_MS = 25;

/**
 * Becomes the daemon. In this process and not in one below it: a Ctrl-C would reach both, and be passed on, and a
 * second signal forces a daemon to end without draining.
 */
export async function run(ctx: Context, { idleTimeout, logLevel }: RunOptions): Promise<void> {
  if (ctx.json) {
    throw new UsageError(
      'cannot run the daemon with --json: it serves, and has no answer to print',
      'gardener daemon start --json',
    );
  }
  const { dataDir, socket } = ctx.location;
  const flags = {
    '--data-dir': dataDir,
    '--socket': socket,
    '--idle-timeout': idleTimeout?.toString(),
    '--log-level': logLevel,
  };
  const given = Object.entries(flags).flatMap(([flag, value]) =>
    value === undefined ? [] : [`${flag}=${value}`],
  );
  const { daemonProgram } = ctx.host;
  process.argv = [process.execPath, daemonProgram, ...given];
  ctx.host.leaveSignals();
  await import(pathToFileURL(daemonProgram).href);
}

export async function start(ctx: Context): Promise<void> {
  refuseToStart(ctx, 'start');
  const running = await whenRunning(ctx, ({ hello }) => Promise.resolve(hello));
  const hello = running ?? (await ctx.withClient((client) => Promise.resolve(client.hello)));
  const { pid, version } = hello;
  if (ctx.json) return ctx.printJson({ started: !running, pid, version });
  ctx.print(
    `${running ? 'the daemon is running already' : 'started the daemon'}: pid ${pid}, version ${version}`,
  );
}

/** Where none may be started; nor is one on such a socket, because whose data it would serve is not known. */
function refuseToStart(ctx: Context, what: 'start' | 'restart'): void {
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

export async function stop(ctx: Context): Promise<void> {
  const stopped = await end(ctx, 'gardener daemon stop');
  if (stopped) noteLeft(ctx, stopped.left);
  if (ctx.json) {
    const { pid, left } = stopped ?? {};
    return ctx.printJson(stopped ? { stopped: true, pid, ...(left && { left }) } : { stopped: false });
  }
  if (!stopped) return ctx.print('no daemon is running');
  const { place } = stopped;
  ctx.print(`stopped the daemon${place ? `, ${place.where}` : ''}: pid ${stopped.pid}`);
  if (stopped.manager === 'launchd' || stopped.manager === 'systemd') {
    ctx.note(`note: ${stopped.manager} starts it again when somebody needs it`);
  }
}

export async function restart(ctx: Context): Promise<void> {
  refuseToStart(ctx, 'restart');
  await refuseElsewhere(ctx, 'restart the daemon', 'gardener daemon restart');
  const stopped = await end(ctx, 'gardener daemon restart');
  const { pid, version } = await ctx.withClient((client) => Promise.resolve(client.hello), {
    autoStart: true,
  });
  if (ctx.json) return ctx.printJson({ stopped: stopped?.pid ?? null, pid, version });
  ctx.print(`${stopped ? 'restarted' : 'started'} the daemon: pid ${pid}, version ${version}`);
}

export async function status(ctx: Context): Promise<void> {
  const found = await whenRunning(ctx, (client) => client.daemon.status());
  if (!found) throw new NotRunningError('the daemon is not running');
  if (ctx.json) return ctx.printJson(found);
  const { batches } = found;
  const lines = layFields(
    [
      ['daemon', `running for ${duration(found.uptime_s)}, ${managerWords(found.manager)}`],
      ['which is', placeText(ctx, await elsewhere(ctx, found))],
      ['pid', String(found.pid)],
      ['version', releaseText(found)],
      ['socket', printable(ctx.shortPath(found.socket))],
      ['data', printable(ctx.shortPath(found.data_dir))],
      ['memory', byteSize(found.memory_rss)],
      ['connections', `${thousands(found.connections)}, ${thousands(found.subscriptions)} watching`],
      [
        'writes',
        `${thousands(batches.count)} with ${plural(batches.changes, 'change')}, at most ${thousands(batches.largest)} at once`,
      ],
    ],
    ctx.paint,
    { columns: ctx.columns },
  );
  for (const line of lines) ctx.print(line);
  if (Object.keys(found.requests).length === 0) return;
  ctx.print();
  for (const line of latencies(ctx, found.requests)) ctx.print(line);
}

function latencies(ctx: Context, requests: Result<'daemon.status'>['requests']): string[] {
  const times = (['p50_ms', 'p95_ms', 'p99_ms', 'max_ms'] as const).map((key) => ({
    key,
    title: key.replace('_ms', ' ms').toUpperCase(),
  }));
  const methods = Object.entries(requests).toSorted(([, a], [, b]) => b.count - a.count);
  return layTable(
    [
      { title: 'METHOD' },
      { title: 'CALLS', align: 'right' },
      ...times.map(({ title }) => ({ title, align: 'right' as const })),
    ],
    methods.map(([method, measured]) => [
      { text: printable(method) },
      { text: thousands(measured.count) },
      ...times.map(({ key }) => ({ text: measured[key].toFixed(2) })),
    ]),
    {
      columns: ctx.columns,
      paintTitle: (text) => ctx.paint('dim', text),
    },
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
    const ending = (): Promise<void> => endAndWait(client, status, reason);
    const { data_dir: dataDir }: Partial<typeof status> = status;
    // On another machine it leaves nothing here.
    if (dataDir !== undefined && !place) {
      const { left } = await leftBy(dataDir, ending);
      return { pid, manager, left, place };
    }
    await ending();
    return { pid, manager, left: null, place };
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
