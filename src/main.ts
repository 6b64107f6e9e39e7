/** `gardenerd`: the daemon in the foreground. Prints nothing but problems; the log has the rest. */
import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { jsonText } from './domain/values/text.ts';
import { Daemon, type DaemonOptions } from './daemon.ts';
import { timestampOf } from './domain/values/time.ts';
import { endProcess, EndSignals } from './system/end-process.ts';
import { closeInheritedFiles } from './inherited-files.ts';
import { DEFAULT_LOG_LEVEL, IDLE_TIMEOUT, LOG_LEVELS, MANAGERS, parseLogLevel } from './flags.ts';
import { HELP } from './help.ts';
import { PathError, resolvePaths } from './paths.ts';
import { printable, printableJson, shellWord } from './system/printable.ts';
import { UnsafeDirectoryError, WITHOUT_SUDO } from './claim/private-directory.ts';
import { ClaimError } from './claim/claim.ts';
import { findInherited } from './claim/inherited.ts';
import { forecast } from './store/forecast.ts';
import { noteStart } from './start-notes.ts';
import { errorCode, systemReason, systemRemedy } from './system/errors.ts';
import { VERSION } from './version.ts';

/** Some 30 years. Seconds. */
const LONGEST_IDLE_TIMEOUT = 999_999_999;

/** What the system says of a data directory that is not the user's to use. */
const UNUSABLE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR']);

class UsageError extends Error {}

function readOptions(args: string[]): (DaemonOptions & { readonly check: boolean }) | 'help' | 'version' {
  const { values } = parseArgs({
    args,
    options: {
      'data-dir': { type: 'string' },
      socket: { type: 'string' },
      'idle-timeout': { type: 'string' },
      'log-level': { type: 'string' },
      // Not for people: who started the daemon.
      manager: { type: 'string' },
      check: { type: 'boolean' },
      version: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return 'help';
  if (values.version) return 'version';
  for (const name of ['data-dir', 'socket'] as const)
    if (values[name] === '') throw new UsageError(`cannot use an empty path for --${name}`);
  const manager = MANAGERS.find((known) => known === values.manager);
  if (values.manager !== undefined && !manager)
    throw new UsageError(`--manager takes one of ${MANAGERS.join(', ')}`);
  const levelText = values['log-level'] || process.env['CODEBASE_GARDENER_LOG_LEVEL'] || DEFAULT_LOG_LEVEL;
  const logLevel = parseLogLevel(levelText);
  if (!logLevel) throw new UsageError(`"${levelText}" is no log level; use one of ${LOG_LEVELS.join(', ')}`);
  const idle = values['idle-timeout'];
  if (idle !== undefined && !/^\d+$/.test(idle)) {
    throw new UsageError(`--idle-timeout takes a whole number of seconds, not "${idle}"`);
  }
  if (Number(idle) > LONGEST_IDLE_TIMEOUT) {
    throw new UsageError(
      `--idle-timeout takes at most ${LONGEST_IDLE_TIMEOUT} seconds, not "${idle}"; 0 is never`,
    );
  }
  return {
    dataDir: values['data-dir'],
    socket: values.socket,
    idleTimeout: idle === undefined ? (manager === 'spawned' ? IDLE_TIMEOUT : 0) : Number(idle),
    logLevel,
    manager,
    check: values.check ?? false,
  };
}

function fail(
  message: string,
  code: number,
  { hint, lastly }: { readonly hint?: string | undefined; readonly lastly?: () => void } = {},
): Promise<never> {
  // What a message quotes may hold anything; a line of it is a line.
  process.stderr.write(`gardenerd: ${printable(message)}\n`);
  if (hint !== undefined) process.stderr.write(`try: ${hint}\n`);
  return endProcess(code, lastly);
}

function unread(error: NodeJS.ErrnoException): void {
  // Whoever read has read enough, as "head" does; or a disk is full.
  if (error.code === 'EPIPE') void endProcess(0);
  else void fail(`cannot write the answer: ${systemReason(error)}`, 1);
}

async function main(): Promise<void> {
  process.stdout.on('error', unread);
  // A daemon goes on when its terminal has gone, or the disk of its log is full.
  process.stderr.on('error', () => undefined);
  // Whatever the daemon makes is the user's alone.
  process.umask(0o077);
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') return void process.stdout.write(HELP);
  if (options === 'version') return void process.stdout.write(`${VERSION}\n`);
  if (options.check) {
    const found = await forecast(resolvePaths(options), timestampOf(Date.now()));
    return void process.stdout.write(`${printableJson(jsonText(found))}\n`);
  }
  // It outlives whoever started it, who may wait for the end of a pipe or release a lock by ending.
  const isSpawned = options.manager === 'spawned';
  if (isSpawned) closeInheritedFiles();
  // Only for the log that clients keep of starts, which standard error is then.
  const tell = (line: string) => void process.stderr.write(line);
  const isUp = isSpawned ? noteStart(tell, (why) => void fail(cannotStart(why), 1)) : null;
  let abandon = (): void => undefined;
  const daemon = await Daemon.start({
    ...options,
    inherited: findInherited(),
    overdue: () => void endProcess(1, abandon),
  });
  isUp?.();
  if ('alreadyRunning' in daemon) {
    const { pid, version } = daemon.alreadyRunning;
    return void process.stderr.write(
      `gardenerd: a daemon is already running (pid ${pid}, version ${printable(version)})\n`,
    );
  }
  abandon = () => daemon.abandon();
  // The last resort. What threw has not reached the file, which has one writer with an answer to each error; to end here
  // would end the work of everybody else. A rejection that nobody handles comes here, too.
  process.on('uncaughtException', (error) => daemon.failed(error));
  const signals = new EndSignals();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      const meant = signals.heard(signal);
      if (meant === 'end') void daemon.stop(signal);
      else if (meant === 'force') void fail(`forced to end by a second ${signal}`, 1, { lastly: abandon });
    });
  }
  // A terminal that closes does not end a daemon that serves others.
  process.on('SIGHUP', () => undefined);
  // Nor does a limit on the length of files: the write that exceeds it fails, as on a full disk.
  process.on('SIGXFSZ', () => undefined);
  await daemon.stopped;
  await endProcess(0);
}

function cannotStart(why: string): string {
  return `cannot start: ${why}`;
}

/** What a person is told of an error, the exit code, and what to do instead. */
function explain(error: unknown): [message: string, code: number, hint?: string] {
  if (error instanceof UsageError || errorCode(error)?.startsWith('ERR_PARSE_ARGS')) {
    return [(error as Error).message, 2, 'gardenerd --help'];
  }
  if (error instanceof PathError || error instanceof ClaimError || error instanceof UnsafeDirectoryError) {
    return [error.message, 1];
  }
  const code = errorCode(error) ?? '';
  const usable =
    remedyForOwner(error) ?? (code === 'EACCES' ? 'see that you may use it' : systemRemedy(error));
  const remedy = UNUSABLE.has(code) ? `${usable}, or choose another data directory with --data-dir` : usable;
  const advice = remedy === null ? '' : `; ${remedy}`;
  return [cannotStart(`${error instanceof Error ? error.message : String(error)}${advice}`), 1];
}

/** What to do where permission is denied because somebody else owns what it is about; null for anything else. */
function remedyForOwner(error: unknown): string | null {
  const code = errorCode(error);
  const uid = process.geteuid?.();
  if ((code !== 'EACCES' && code !== 'EPERM') || uid === undefined) return null;
  // Nothing is denied to root but on another user's disk, such as a home on a server.
  if (uid === 0 && code === 'EACCES') return `do ${WITHOUT_SUDO}`;
  const path = (error as NodeJS.ErrnoException).path ?? '';
  try {
    const { uid: owner } = statSync(path);
    if (owner === uid) return null;
    // Mostly of an earlier "sudo gardener".
    return `it belongs to user ${owner} and not to you: sudo chown ${uid} ${shellWord(path)}, unless it is meant to be theirs`;
  } catch {
    // It may not be looked at, or is not there: whose it is, nobody can tell.
    return null;
  }
}

main().catch((error: unknown) => {
  const [message, code, hint] = explain(error);
  return fail(message, code, { hint });
});
