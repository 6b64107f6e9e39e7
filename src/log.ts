/** The daemon's log: JSON lines, written before the call returns. */
import { pino, stdTimeFunctions, type Logger } from 'pino';
import { mendJson } from './domain/values/text.ts';
import { LogFile } from './log-file.ts';

export { MAX_LOG_BYTES, OLD_LOG_FILES } from './log-file.ts';
export type { Logger } from 'pino';

export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const PINO_LEVELS = { DEBUG: 'debug', INFO: 'info', WARNING: 'warn', ERROR: 'error' } as const;

/** The level a person named, in any case; null for a word that is none. */
export function parseLogLevel(text: string): LogLevel | null {
  return LOG_LEVELS.find((level) => level === text.toUpperCase()) ?? null;
}

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
