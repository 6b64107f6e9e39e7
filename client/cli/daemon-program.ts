/** The commands of `gardener daemon`. */
import type { Command } from 'commander';
import type { Context } from './context.ts';
import type { RunOptions } from './daemon.ts';
import type { LogOptions } from './logs.ts';
import { wholeNumber } from './option-values.ts';

const DEFAULT_LOG_LINES = 50;

export function addDaemonCommands(program: Command, context: () => Context): void {
  const daemon = program
    .command('daemon')
    .summary('start, stop and look at the daemon')
    .description('Usually nobody needs to do anything: the daemon is started when it is needed.');
  daemon
    .command('run')
    .description('be the daemon, in the foreground')
    .option('--idle-timeout <seconds>', 'end after so long without connections (default: never)')
    .option('--log-level <level>', 'DEBUG, INFO, WARNING or ERROR (default: INFO)')
    .action(async (options: RunOptions) => (await import('./daemon.ts')).run(context(), options));
  daemon
    .command('start')
    .description('start the daemon in the background, unless it is running')
    .action(async () => (await import('./daemon.ts')).start(context()));
  daemon
    .command('stop')
    .description('end the daemon once everything is written')
    .action(async () => (await import('./daemon.ts')).stop(context()));
  daemon
    .command('restart')
    .description('end the daemon and start it again')
    .action(async () => (await import('./daemon.ts')).restart(context()));
  daemon
    .command('status')
    .description('show what the daemon is doing; never starts it')
    .action(async () => (await import('./daemon.ts')).status(context()));
  daemon
    .command('logs')
    .description('print the log of the daemon, running or not')
    .option('-f, --follow', 'go on with what is written from now on')
    .option('-n, --lines <number>', 'how many lines to begin with', wholeNumber, DEFAULT_LOG_LINES)
    .action(async (options: LogOptions) => (await import('./logs.ts')).logs(context(), options));
}
