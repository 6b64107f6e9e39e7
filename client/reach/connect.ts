/** Finding the daemon, or starting it. */
import { hostname } from 'node:os';
import { isFromEnvironment, type Paths, resolvePaths } from '../../src/paths.ts';
import { refuseForRoot, UnsafeDirectoryError } from '../../src/claim/private-directory.ts';
import type { Params, Result } from '../../src/protocol/methods.ts';
import type { Client } from '../api.ts';
import { RegistryClient } from '../client.ts';
import { inMs, pause } from '../wire/deadline.ts';
import { ConnectionError } from '../errors.ts';
import { greet, type Greeted, type Target } from './greet.ts';
import { isSameDirectory, isSomebodysEnd } from './here.ts';
import { commandFor } from '../place-flags.ts';
import { type Command, givenDaemon } from './program.ts';
import { isStarting } from './spawn.ts';
import type { Waiter } from './started-daemon.ts';
import { startFailed, Starter } from './starter.ts';
import { retire, wantsUpgrade } from './upgrade.ts';

/** How the daemon is found, started and waited for, and whom to tell. */
export interface ConnectOptions {
  /** Data directory; default `CODEBASE_GARDENER_DATA_DIR`, then `~/.codebase-gardener`. */
  readonly dataDir?: string | undefined;
  /**
   * Socket; default `CODEBASE_GARDENER_SOCKET`, then `<data>/run/registry.sock`. For one that is given alone, without a
   * data directory in the same place (options or environment), no daemon is started, upgraded or restarted: it may lead
   * to another machine.
   */
  readonly socket?: string | undefined;
  /** Start a daemon when there is none, now or when a connection was lost; default true. */
  readonly autoStart?: boolean | undefined;
  /**
   * Program and first arguments of the daemon to start; default `CODEBASE_GARDENER_DAEMON`, then the one of the package
   * that this library is in, then `gardenerd` on PATH. A service that is installed goes before all of them.
   */
  readonly daemon?: readonly string[] | undefined;
  /** Who calls, for the daemon's log; the process id is added. */
  readonly client?: Pick<NonNullable<Params<'daemon.hello'>['client']>, 'name' | 'version'> | undefined;
  /** How long to wait for what. */
  readonly deadlines?: Deadlines | undefined;
  /**
   * Told what the person should mend although all went on, such as a service that is installed and does not start, or
   * what was left out of a trainer's report; default `process.emitWarning`.
   */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Ends the attempt to connect. */
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds; Infinity for none. */
export interface Deadlines {
  /** Until the socket takes the connection; default 1000. */
  readonly connect?: number | undefined;
  /** Until the daemon has said hello; default 2000. */
  readonly hello?: number | undefined;
  /**
   * Until a daemon that had to be started, or was just ending, has said hello; default 10000. One that is still at it
   * then comes up for the next call.
   */
  readonly start?: number | undefined;
  /** Until a call is answered, connecting anew included; default 30000. */
  readonly call?: number | undefined;
}

export const DEADLINES: Readonly<Record<keyof Deadlines, number>> = {
  connect: 1_000,
  hello: 2_000,
  start: 10_000,
  call: 30_000,
};

/** Between two attempts to dial, in milliseconds: doubled from the first to the last. */
const FIRST_WAIT_MS = 5;
const LAST_WAIT_MS = 100;
/** How long a daemon that has not come up in time may stand still before it counts as one that never will. */
const LONGEST_STILL_MS = 5_000;
/** How long a daemon may take to answer before it is ended as one that serves nobody, in milliseconds. */
const SERVES_MS = 1_000;
/** How long somebody may close every connection who may be a tunnel, whose other end nobody here can start. */
export const TUNNEL_MS = 2_000;

/**
 * Connects to the registry's daemon, and starts it first when there is none.
 *
 * @param options how the daemon is found, started and waited for; default as the command line does
 * @throws {ConnectionError} with the reason, and in its message what to do
 * @throws {RegistryError} `incompatible_protocol` or `too_many_connections`
 * @throws {SocketPathError} when the given socket path is too long
 * @throws {PathError} for a relative path in the environment, and where no home directory is known and one is needed
 *
 * @example
 * const registry = await connect({ client: { name: 'editor', version: '2.1.0' } });
 * // Only what is given counts: without `env`, a trainer would not be told the project that it trains.
 * const env = process.env['CODEBASE_GARDENER_PROJECT'];
 * const { project } = await registry.projects.resolve({ env, cwd: process.cwd() });
 * await registry.close();
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const { deadlines = {}, signal = new AbortController().signal } = options;
  const target: Target = {
    paths: usablePaths(options),
    client: { ...options.client, pid: process.pid },
    connectMs: deadlines.connect ?? DEADLINES.connect,
    helloMs: deadlines.hello ?? DEADLINES.hello,
  };
  const means: Means = {
    isFromEnvironment: isFromEnvironment(options, process.env),
    autoStart: (options.autoStart ?? true) && !target.paths.socketAlone,
    command: givenDaemon(options.daemon),
    startMs: deadlines.start ?? DEADLINES.start,
    warn: options.onWarning ?? ((message) => process.emitWarning(message, 'RegistryWarning')),
  };
  const isMixed = target.paths.socketAlone && Boolean(options.dataDir);
  const open = async (aborted: AbortSignal): Promise<Greeted> => {
    const greeted = await reach(target, means, aborted);
    if (isMixed) await requireDirectory(greeted, target.paths, aborted);
    return greeted;
  };
  return new RegistryClient(await open(signal), {
    open,
    deadline: deadlines.call ?? DEADLINES.call,
    warn: means.warn,
    socketAlone: target.paths.socketAlone,
  });
}

/** @throws {ConnectionError} `not_allowed` for root where another user's registry is meant */
function usablePaths(options: ConnectOptions): Paths {
  const paths = resolvePaths(options);
  try {
    // Whose data are behind a socket that is given alone is not known.
    if (!paths.socketAlone) refuseForRoot(paths.dataDir);
  } catch (cause) {
    if (!(cause instanceof UnsafeDirectoryError)) throw cause;
    throw new ConnectionError('not_allowed', cause.message, { cause });
  }
  return paths;
}

interface Means {
  /** Both the data directory and the socket: one of them may be of somebody's profile. */
  readonly isFromEnvironment: boolean;
  readonly autoStart: boolean;
  readonly command: Command | undefined;
  readonly startMs: number;
  readonly warn: (message: string) => void;
}

/** Dials until somebody says hello, something final is in the way, or the time is up. */
async function reach(target: Target, means: Means, signal: AbortSignal): Promise<Greeted> {
  const { paths } = target;
  const waiter: Waiter = {
    stillMs: Math.min(LONGEST_STILL_MS, means.startMs / 2),
    serves: () => isServed(target),
  };
  const starter = means.autoStart ? new Starter(paths, means.command, waiter, means.warn) : undefined;
  try {
    const found = await dialUntil(target, means, starter, signal);
    starter?.succeeded();
    return found;
  } catch (error) {
    const left = starter?.leave(signal.aborted ? 'aborted' : 'late');
    if (!(error instanceof ConnectionError)) throw error;
    // Whoever is told to end it would end somebody else: the number is nobody's by then.
    if (left === 'ended' && error.reason === 'hung')
      throw startFailed(paths, 'it stood still and was ended; call again', error);
    if (left !== 'coming' && !(error.reason === 'hung' && isComingUp(paths))) throw error;
    if (error.reason !== 'hung' && error.reason !== 'start_failed') throw error;
    const why = `it has not come up within ${inMs(means.startMs)} and is still at it; call again in a while`;
    throw startFailed(paths, why, error);
  }
}

async function dialUntil(
  target: Target,
  { isFromEnvironment, startMs }: Means,
  starter: Starter | undefined,
  signal: AbortSignal,
): Promise<Greeted> {
  const { paths } = target;
  const end = performance.now() + startMs;
  let upgraded = false;
  /** Since when nothing else has happened than that connections were closed. */
  let closingSince: number | undefined;
  // A service manager takes connections before there is a daemon.
  let helloMs = starter?.listens ? Math.max(target.helloMs, startMs) : target.helloMs;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LAST_WAIT_MS)) {
    signal.throwIfAborted();
    // A daemon that is just coming up, on a busy machine or with much to recover, listens well before it speaks.
    if (isComingUp(paths)) helloMs = Math.max(target.helloMs, end - performance.now());
    // Before the call: a daemon that is just coming up has its socket a moment before its note, and answers.
    const isNotOurs = isFromEnvironment && !starter?.serviced && isSomebodysEnd(paths);

    // 1. Dial and say hello. What cannot be mended by waiting is thrown.
    const found = await greet({ ...target, helloMs }, signal).catch(async (error: unknown) => {
      throw starter ? await starter.explain(error) : error;
    });
    if (typeof found === 'object') {
      if (!starter || upgraded || !(await wantsUpgrade(found, starter, paths, signal))) return found;
      // 2. An older daemon than the one that would be started: have it drain, once.
      upgraded = true;
      starter.reserve();
      await retire(found, signal);
      await starter.succeed();
      continue;
    }

    // 3. Nobody there: have a daemon started.
    if (found === 'absent') {
      if (!starter) throw notRunning(paths);
      if (isNotOurs) throw deadEnd(paths);
      await starter.start();
      helloMs = Math.max(target.helloMs, end - performance.now());
    }

    // 4. Give up in time.
    const now = performance.now();
    if (found === 'closing') closingSince ??= now;
    else closingSince = undefined;
    const isForeign = paths.socketAlone || isNotOurs;
    if (isForeign && closingSince !== undefined) {
      const patienceMs = Math.min(TUNNEL_MS, startMs);
      if (now >= closingSince + patienceMs) throw alwaysClosing(paths, patienceMs, true);
    }
    if (now >= end) {
      if (found === 'absent') throw startFailed(paths, `it did not answer within ${inMs(startMs)}`);
      throw alwaysClosing(paths, startMs, isForeign);
    }

    // 5. Wait a little, shorter when the daemon just started has already ended.
    await pause(wait, signal, starter?.ended);
  }
}

/** A daemon that a client has started says so in its log until it is up. */
function isComingUp(paths: Paths): boolean {
  return !paths.socketAlone && isStarting(paths);
}

/** Whether somebody answers, whatever they say: it is not for this client to end them. */
async function isServed(target: Target): Promise<boolean> {
  try {
    const found = await greet({ ...target, helloMs: SERVES_MS }, new AbortController().signal);
    if (typeof found === 'object') await found.connection.close();
    return found !== 'absent';
  } catch (error) {
    return !(error instanceof ConnectionError && error.reason === 'hung');
  }
}

/**
 * Refuses a daemon of other data than those that an option names, which a socket of the environment has led to.
 *
 * @throws {ConnectionError} `not_allowed`
 */
async function requireDirectory(
  { connection, hello }: Greeted,
  { dataDir, socket }: Paths,
  signal: AbortSignal,
): Promise<void> {
  try {
    const told = (await connection.request('daemon.status', {}, { signal })) as Result<'daemon.status'>;
    const isHere = hello.host === undefined || hello.host === hostname();
    if (isHere && (await isSameDirectory(told.data_dir, dataDir))) return;
    throw new ConnectionError(
      'not_allowed',
      `cannot use ${dataDir}: CODEBASE_GARDENER_SOCKET leads to ${socket}, where a daemon serves ${told.data_dir}${isHere ? '' : ` on ${hello.host}`}; unset it, or give the socket together with the data directory`,
    );
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function notRunning(paths: Paths): ConnectionError {
  const { socket, socketAlone } = paths;
  const remedy = socketAlone
    ? 'none is started for a socket that is given alone, as it may lead to another machine: start it there, or give the data directory in the same place, too'
    : `start it with "${commandFor('gardener daemon start', paths)}"`;
  return new ConnectionError(
    'not_running',
    `cannot reach the registry: no daemon listens on ${socket}; ${remedy}`,
  );
}

function deadEnd({ socket }: Paths): ConnectionError {
  return new ConnectionError(
    'not_allowed',
    `cannot reach the registry: nobody listens on ${socket}, and no daemon has left it there: it may be the end of a tunnel; mend that, or remove it`,
  );
}

function alwaysClosing({ socket, logFile }: Paths, ms: number, isForeign: boolean): ConnectionError {
  const rest = isForeign
    ? ', as a tunnel does whose daemon has ended; start the daemon there'
    : `; see ${logFile}`;
  return new ConnectionError(
    'lost',
    `cannot reach the registry: whoever listens on ${socket} closed every connection for ${ms / 1_000} s${rest}`,
  );
}
