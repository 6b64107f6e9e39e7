/** The daemon's log: JSON lines, written before the call returns. */
import { pino, stdTimeFunctions, type Logger } from 'pino';
import { mendJson } from './domain/values/text.ts';
import type { LogLevel } from './flags.ts';
import { LogFile } from './log-file.ts';

export { MAX_LOG_BYTES, OLD_LOG_FILES } from './log-file.ts';
export type { Logger } from 'pino';

const PINO_LEVELS = { DEBUG: 'debug', INFO: 'info', WARNING: 'warn', ERROR: 'error' } as const;

/**
 * Opens the log of a daemon. A disk that takes no more lines does not end the daemon; the lines are lost.
 *
 * @throws when the file cannot be opened
 */
export function openLog(file: string, level: LogLevel): Logger {
  const lines = new LogFile(file);
  return pino(
    { level: PINO_LEVELS[level], base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime },
    // Whoever calls may be quoted.
    { write: (line) => lines.write(mendJson(line)) },
  );
}
