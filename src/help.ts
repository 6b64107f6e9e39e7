/** What `gardenerd --help` prints, and its manual page has. */
import { DEFAULT_LOG_LEVEL, LOG_LEVELS } from './flags.ts';

export const DESCRIPTION = `Runs the project registry in the foreground. Usually nobody needs to: the
command line and the client library start it when they need it.`;

/** What it takes, in lines as long as there is room for. */
export const OPTIONS: Readonly<Record<string, string>> = {
  '--data-dir <path>': 'default ~/.codebase-gardener',
  '--socket <path>': 'default <data-dir>/run/registry.sock',
  '--idle-timeout <seconds>': 'end after so long without connections; 0 is never',
  '--log-level <level>': `${LOG_LEVELS.join(', ')}; default ${DEFAULT_LOG_LEVEL}`,
  '--check': 'say as JSON what a start would make of the registry\nfile, and change nothing',
  '--version': 'print the version',
  '--help': 'print this',
};

const BESIDE = 28;

export const HELP = `Usage: gardenerd [options]

${DESCRIPTION}

Options:
${Object.entries(OPTIONS)
  .map(([flag, does]) => `  ${flag.padEnd(BESIDE - 2)}${does.replaceAll('\n', `\n${' '.repeat(BESIDE)}`)}\n`)
  .join('')}`;
