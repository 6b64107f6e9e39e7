/** The commands of `gardener daemon`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_LOG_LEVEL, LOG_LEVELS, type LogLevel, parseLogLevel } from '../../../src/flags.ts';
import type { Context } from '../context.ts';
import type { RunOptions } from './daemon.ts';
import type { LogOptions } from './logs.ts';
import { wholeNumber } from '../option-values.ts';

const DEFAULT_LOG_LINES = 50;

/** A level in any case of letters, as the daemon takes it. */
function logLevel(value: string): LogLevel {
  const level = parseLogLevel(value);
  if (level) return level;
  throw new InvalidArgumentError(`it is one of ${LOG_LEVELS.join(', ')}`);
}

export function addDaemonCommands(program: Command, context: () => Context): void {
  const daemon = program
    .command('daemon')
    .summary('start, stop and look at the daemon')
    .description('Usually nobody needs to do anything: the daemon is started when it is needed.');
  daemon
    .command('run')
    .summary('run the daemon in the foreground')
    .description('Runs the daemon in the foreground, until Ctrl-C or "gardener daemon stop" ends it.')
    .option('--idle-timeout <seconds>', 'end after so long without connections (default: never)', wholeNumber)
    .addOption(
      new Option('--log-level <level>', 'how much is written to the log, by default ' + DEFAULT_LOG_LEVEL)
        .choices(LOG_LEVELS)
        .argParser(logLevel),
    )
    .action(async (options: RunOptions) => (await import('./daemon.ts')).run(context(), options));
  daemon
    .command('start')
    .summary('start the daemon in the background, unless it is running')
    .description('Starts the daemon in the background, unless it is running.')
    .action(async () => (await import('./daemon.ts')).start(context()));
  daemon
    .command('stop')
    .summary('end the daemon once everything is written')
    .description('Ends the daemon once everything is written. Whoever needs it next starts it again.')
    .action(async () => (await import('./daemon.ts')).stop(context()));
  daemon
    .command('restart')
    .summary('end the daemon and start it again')
    .description('Ends the daemon once everything is written, and starts it again.')
    .action(async () => (await import('./daemon.ts')).restart(context()));
  daemon
    .command('status')
    .summary('show what the daemon is doing; never starts it')
    .description('Shows what the daemon is doing, and how long it takes for it. Never starts it.')
    .action(async () => (await import('./daemon.ts')).status(context()));
  daemon
    .command('logs')
    .summary('print the log of the daemon, running or not')
    .description('Prints the log of the daemon, whether it is running or not.')
    .option('-f, --follow', 'go on with what is written from now on')
    .option('-n, --lines <number>', 'how many lines to begin with', wholeNumber, DEFAULT_LOG_LINES)
    .addOption(
      new Option('--level <level>', 'only what is of this level or above')
        .choices(LOG_LEVELS)
        .argParser(logLevel),
    )
    .action(async (options: LogOptions) => (await import('./logs.ts')).logs(context(), options));
}
