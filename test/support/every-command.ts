/** Every command of the program, and what is typed behind each: a new one is in the tests once it is in these tables. */
import type { Command } from 'commander';
import { loadAll } from '../../client/cli/command.ts';
import { COMMANDS as DECLARED, createProgram } from '../../client/cli/program.ts';

/** Not called: only a command that runs asks for its host. */
const NO_HOST = { stdout: {}, stderr: {} } as Parameters<typeof createProgram>[0];

/** What the program has, as it is typed; those with commands below them are groups. */
function commandsOf(command: Command, path: readonly string[] = []): { path: string; isGroup: boolean }[] {
  return command.commands.flatMap((one) => {
    const words = [...path, one.name()];
    return [{ path: words.join(' '), isGroup: one.commands.length > 0 }, ...commandsOf(one, words)];
  });
}

/** Groups that are commands themselves. */
const BOTH: ReadonlySet<string> = new Set(
  Object.values(DECLARED)
    .flatMap((commands) => Object.entries(commands))
    .flatMap(([name, [, behind]]) => (typeof behind === 'object' && 'alone' in behind ? [name] : [])),
);

export const PROGRAM = createProgram(NO_HOST, [], () => undefined);
export const ALL = commandsOf(PROGRAM);

/** The program with all that each command takes, of which usually only that is loaded which the words name. */
export async function wholeProgram(): Promise<Command> {
  await loadAll(PROGRAM);
  return PROGRAM;
}

/** What answers the scripts of shells, in words of its own, and what is there without a command: nobody types them. */
const isUntyped = (path: string): boolean => path.startsWith('__');
export const COMMANDS = ALL.filter(
  ({ path, isGroup }) => (!isGroup || BOTH.has(path)) && !isUntyped(path),
).map(({ path }) => path);
/** Those of which a command has to be named. */
export const GROUPS = ALL.filter(({ path, isGroup }) => isGroup && !BOTH.has(path)).map(({ path }) => path);

/** What is typed behind each command to get an answer of it, in an order in which all of them get one. */
export const ANSWERED: Readonly<Record<string, string>> = {
  add: 'src/api',
  scan: 'src',
  ls: '',
  show: 'api',
  use: 'api',
  which: '',
  path: 'api',
  edit: 'api --tag x',
  mv: 'api src/web',
  foreach: '-- true',
  retrain: 'api',
  train: 'api -- true',
  logs: 'api',
  history: 'api',
  prune: '--dry-run api',
  status: '',
  doctor: '',
  backups: '',
  export: '-',
  docs: '',
  call: 'daemon.ping',
  init: 'bash',
  completion: 'bash',
  'mcp install': 'claude --write',
  'mcp uninstall': 'claude --write',
  'daemon start': '',
  'daemon status': '',
  'daemon restart': '',
  rm: '--yes api',
  undo: '--yes',
  'daemon stop': '',
};

/** Those that cannot do what they are for where tests run, and say so in the document. */
const REFUSED: Readonly<Record<string, string>> = {
  restore: 'registry-20260105T093000000Z-edit.json --dry-run',
  import: 'no-such-file',
  rollback: 'api',
  mcp: '',
  'daemon run': '',
  'service install': '',
  'service uninstall': '',
  'service restart': '',
  'service status': '',
};

/** Those that print a document a line. */
const STREAMS: Readonly<Record<string, string>> = { watch: '', 'daemon logs': '' };

export const WORDS = { ...ANSWERED, ...REFUSED, ...STREAMS };

export function splitWords(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}
