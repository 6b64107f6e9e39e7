/** The daemon's log: JSON lines, written before the call returns, rotated here. */
import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { destination, pino, stdTimeFunctions, type Logger } from 'pino';
import { errorCode } from './store/atomic-file.ts';

export type { Logger } from 'pino';

/** A log file is renamed once it is this long. */
export const MAX_LOG_BYTES = 5 * 1024 * 1024;
/** `registry.log.1` is the newest old file. */
export const OLD_LOG_FILES = 3;

export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const PINO_LEVELS = { DEBUG: 'debug', INFO: 'info', WARNING: 'warn', ERROR: 'error' } as const;

/** The level a person named, in any case; null for a word that is none. */
export function parseLogLevel(text: string): LogLevel | null {
  return LOG_LEVELS.find((level) => level === text.toUpperCase()) ?? null;
}

/**
 * Opens the log of a daemon.
 *
 * Lines are written synchronously: an asynchronous destination loses them when the process is killed. A disk that
 * takes no more lines does not end the daemon; the lines are lost.
 */
export function openLog(file: string, level: LogLevel): Logger {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const sink = destination({ dest: file, sync: true, mkdir: true, mode: 0o600 });
  // Without a listener a full disk would throw out of every log call.
  sink.on('error', () => undefined);
  let bytes = sizeOf(file);
  const stream = {
    write(line: string): void {
      bytes += Buffer.byteLength(line);
      sink.write(line);
      if (bytes < MAX_LOG_BYTES) return;
      rotate(file);
      sink.reopen();
      bytes = 0;
    },
  };
  return pino(
    { level: PINO_LEVELS[level], base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime },
    stream,
  );
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

function rotate(file: string): void {
  rmSync(`${file}.${OLD_LOG_FILES}`, { force: true });
  for (let number = OLD_LOG_FILES - 1; number >= 0; number -= 1) {
    const from = number === 0 ? file : `${file}.${number}`;
    try {
      renameSync(from, `${file}.${number + 1}`);
    } catch (error) {
      // The first files of a new log have no predecessors; a directory that refuses keeps the file growing.
      if (errorCode(error) === undefined) throw error;
    }
  }
}
