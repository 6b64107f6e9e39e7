/** A daemon in this process, in a temporary home, ended when the test is over. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { Daemon, type DaemonOptions } from '../../src/daemon.ts';
import type { Logger } from '../../src/log.ts';
import type { Paths } from '../../src/paths.ts';
import { temporaryDirectory } from './home.ts';
import { connectLines, type LineClient } from './lines.ts';

/** A line of a captured log. */
export interface LogLine {
  readonly level: number;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

/** What must never be in a log, whatever a test does. */
const DISGRACES = ['a handler failed', 'a method answered with an error it does not declare'];

export interface RunningDaemon {
  readonly daemon: Daemon;
  readonly paths: Paths;
  readonly log: readonly LogLine[];
  /** A new connection to it. */
  connect(): Promise<LineClient>;
  /** Makes a directory that may be registered as a codebase. */
  codebase(name: string): Promise<string>;
}

/** A log that can be looked at. */
export function capturedLog(): { log: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line) as LogLine) });
  return { log, lines };
}

/**
 * Starts a daemon in a home of its own, or in the one given by `dataDir`.
 *
 * When the test is over it is stopped, and its log must not show an internal error.
 */
export async function startDaemon(options: DaemonOptions = {}): Promise<RunningDaemon> {
  const home = options.dataDir ?? (await temporaryDirectory());
  const { log, lines } = capturedLog();
  const daemon = await Daemon.start({ dataDir: home, log, ...options });
  if ('alreadyRunning' in daemon) throw new Error(`a daemon is running in ${home} already`);
  onTestFinished(async () => {
    await daemon.stop('the test is over');
    const disgrace = lines.find(({ msg }) => DISGRACES.includes(msg ?? ''));
    if (disgrace) throw new Error(`the daemon logged: ${JSON.stringify(disgrace)}`);
  });
  return {
    daemon,
    paths: daemon.paths,
    log: lines,
    connect: () => connectLines(daemon.paths.socket),
    async codebase(name) {
      const path = join(home, 'src', name);
      await mkdir(path, { recursive: true });
      return path;
    },
  };
}
