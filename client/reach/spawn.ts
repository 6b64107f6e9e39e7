/** Starting a daemon that outlives whoever starts it. */
import { closeSync, fchmodSync, fstatSync, ftruncateSync, lutimesSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { refuseLinksForRoot } from '../../src/claim/for-root.ts';
import { openForLines } from '../../src/system/open-lines.ts';
import type { Paths } from '../../src/paths.ts';
import { checkDataDirectory, keepToUser } from '../../src/claim/private-directory.ts';
import { printable } from '../../src/system/printable.ts';
import { readNote } from '../../src/system/small-file.ts';
import { daemonEnvironment } from './daemon-environment.ts';
import type { Command } from './program.ts';
import { StartedDaemon } from './started-daemon.ts';
import { isMissing } from '../../src/system/errors.ts';

/** A start this young is waited for instead of joined, in milliseconds: of 100 clients one or two start a daemon. */
const YOUNG_MS = 1_000;
/** The log is begun anew when it is longer, in bytes. */
const MAX_LOG_BYTES = 1024 * 1024;
/** A daemon that has more to say than this has no last words. Bytes. */
const MAX_WORDS_BYTES = 16 * MAX_LOG_BYTES;

const LOG_MODE = 0o600;

/** Where a daemon's own words go before it has opened its log, and where Node's go if it crashes. */
export function startLog(paths: Paths): string {
  return join(dirname(paths.logFile), 'daemon-start.log');
}

/** Daemons that this process has started and that have not ended, by their log. */
const started = new Map<string, StartedDaemon>();

/**
 * Starts a daemon in a session of its own, unless somebody else has done so a moment ago.
 *
 * @param command program and first arguments; the paths are added
 * @param reserved the caller has kept others from starting one, and starts it in any case
 * @returns that of another caller in this process where there is one; undefined when a start of another process is
 *   under way
 * @throws {Error} when the log cannot be written
 * @throws {UnsafeDirectoryError} when others can write to the data directory, as the daemon would say, or to the logs and
 *   that cannot be changed
 */
export async function startDaemon(
  paths: Paths,
  command: Command,
  reserved = false,
): Promise<StartedDaemon | undefined> {
  const [program = process.execPath, ...args] = command;
  // Before the log is opened: a link in its place would be followed.
  checkDataDirectory(paths.dataDir);
  refuseLinksForRoot(paths);
  const path = startLog(paths);
  const logs = dirname(path);
  const wasLoose = await keepToUser(logs, 'the logs');
  const log = openStartLog(path, command, reserved);
  if (!log) {
    const known = started.get(path);
    return known?.isComing ? known : undefined;
  }
  try {
    if (wasLoose) writeSync(log.descriptor, `# made ${printable(logs)} private: others could write to it\n`);
    const { spawn } = process.getBuiltinModule('node:child_process');
    const child = spawn(
      program,
      [...args, '--data-dir', paths.dataDir, '--socket', paths.socket, '--manager', 'spawned'],
      {
        cwd: '/',
        detached: true,
        // A file and not a pipe: a pipe would break under the daemon when this process ends.
        stdio: ['ignore', log.descriptor, log.descriptor],
        env: daemonEnvironment(process.env),
      },
    );
    const daemon = new StartedDaemon(child, paths, path, () => lastWords(path, log.offset));
    // Where there is no such program, Deno has nothing to let go of.
    if (child.pid !== undefined) child.unref();
    started.set(path, daemon);
    void daemon.ended.then(() => {
      if (started.get(path) === daemon) started.delete(path);
    });
    return daemon;
  } finally {
    closeSync(log.descriptor);
  }
}

/**
 * Opens the log and notes the start in it. Everything is synchronous, so that of many clients in one process one
 * gets it; between processes a few microseconds remain, in which two may start a daemon each, and one gives way.
 */
function openStartLog(
  path: string,
  command: Command,
  reserved: boolean,
): { descriptor: number; offset: number } | undefined {
  const descriptor = openForLines(path);
  try {
    const { mode, size, mtimeMs } = fstatSync(descriptor);
    // A umask such as 0277 would keep the next client from opening it.
    if ((mode & LOG_MODE) !== LOG_MODE) fchmodSync(descriptor, LOG_MODE);
    if (!reserved && size > 0 && isYoung(mtimeMs)) {
      closeSync(descriptor);
      return undefined;
    }
    if (size > MAX_LOG_BYTES) ftruncateSync(descriptor);
    writeSync(
      descriptor,
      `# ${new Date().toISOString()} process ${process.pid} starts ${printable(command.join(' '))}\n`,
    );
    return { descriptor, offset: fstatSync(descriptor).size };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Whether a start is under way, or was a moment ago: a daemon that takes its time says so in the log. */
export function isStarting(paths: Paths): boolean {
  try {
    return isYoung(statSync(startLog(paths)).mtimeMs);
  } catch {
    // Nobody has started one here, or whoever does finds out what is in the way.
    return false;
  }
}

function isYoung(mtimeMs: number): boolean {
  return Math.abs(Date.now() - mtimeMs) < YOUNG_MS;
}

/** Keeps a start young while its daemon is on its way: on a busy machine that takes longer than a start stays young. */
export function keepYoung(paths: Paths): void {
  const now = new Date();
  try {
    lutimesSync(startLog(paths), now, now);
  } catch (error) {
    // Somebody tidied up meanwhile; then others start a daemon too, and one of them gives way.
    if (!isMissing(error)) throw error;
  }
}

/** What the daemon said before it ended, among warnings and hints; or the error in what Node prints of a crash. */
function lastWords(path: string, offset: number): string | undefined {
  // Somebody may have tidied up meanwhile; then there is only the exit code to tell.
  const log = readNote(path, MAX_WORDS_BYTES);
  if (log === undefined) return undefined;
  const lines = log
    .subarray(offset)
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const line =
    lines.find((text) => text.startsWith('gardenerd: ')) ??
    lines.find((text) => /^\w*Error\b.*:/.test(text)) ??
    lines.at(-1);
  return line?.trim();
}
