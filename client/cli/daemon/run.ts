/** `gardener daemon run`: becomes the daemon. */
import { pathToFileURL } from 'node:url';
import { DEFAULT_LOG_LEVEL } from '../../../src/flags.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import { logLevels, wholeNumber } from '../option-values.ts';

// In this process and not in one below it: a Ctrl-C would reach both, and be passed on, and a second signal forces a daemon
// to end without draining.
export default defineCommand({
  description: 'Runs the daemon in the foreground, until Ctrl-C or "gardener daemon stop" ends it.',
  takes: {
    '--idle-timeout <seconds>': {
      description: 'end after so long without connections (default: never)',
      read: wholeNumber,
    },
    '--log-level <level>': {
      description: `how much is written to the log, by default ${DEFAULT_LOG_LEVEL}`,
      ...logLevels,
    },
  },
  examples: {
    'gardener daemon run --log-level DEBUG': 'in this terminal, until Ctrl-C',
    'gardener daemon run --idle-timeout 600': 'until nobody needs it',
  },
  document: 'none: it serves, and refuses --json',
  async action(ctx, { idleTimeout, logLevel }) {
    if (ctx.json) {
      throw new UsageError(
        'cannot run the daemon with --json: it serves, and has no answer to print',
        'gardener daemon start --json',
      );
    }
    const { dataDir, socket } = ctx.location;
    const flags = {
      '--data-dir': dataDir,
      '--socket': socket,
      '--idle-timeout': idleTimeout?.toString(),
      '--log-level': logLevel,
    };
    const given = Object.entries(flags).flatMap(([flag, value]) =>
      value === undefined ? [] : [`${flag}=${value}`],
    );
    const { daemonProgram } = ctx.host;
    process.argv = [process.execPath, daemonProgram, ...given];
    ctx.host.leaveSignals();
    await import(pathToFileURL(daemonProgram).href);
  },
});
