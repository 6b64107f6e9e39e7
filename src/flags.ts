/** What the flags of gardenerd take. This file has no imports: whoever starts a daemon shares it. */

export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const DEFAULT_LOG_LEVEL: LogLevel = 'INFO';

/** The level that a person named, in any case of letters; undefined for a word that is none. */
export function parseLogLevel(text: string): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === text.toUpperCase());
}

export const SERVICE_MANAGERS = ['launchd', 'systemd'] as const;
export type ServiceManagerName = (typeof SERVICE_MANAGERS)[number];

/** Who started a daemon: a service manager, a client that needed one, or a person. */
export const MANAGERS = [...SERVICE_MANAGERS, 'spawned', 'foreground'] as const;
export type Manager = (typeof MANAGERS)[number];

/** How long one that was started on demand stays without a connection: half an hour. Seconds. */
export const IDLE_TIMEOUT = 30 * 60;
