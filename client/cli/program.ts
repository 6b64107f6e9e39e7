/** What can be typed: commands, flags, help. What a command does is loaded when it is asked for. */
import { Command } from 'commander';
import { VERSION } from '../../src/version.ts';
import { adviser } from './advice.ts';
import { addCommands, addTakes, type Commands, type Takes } from './command.ts';
import { Context, type Globals, type Host } from './context.ts';
import { addExamples, addParagraphs, formatItem } from './help/layout.ts';
import { shownText } from './terminal/gate.ts';
import { placeOption } from './option-values.ts';
import { sizeOf } from './terminal/size.ts';

const BEGIN: Commands = {
  add: ['register codebases', () => import('./projects/add.ts')],
  scan: ['find codebases, and register those you tick', () => import('./scan/scan.ts')],
  ls: ['list the projects', () => import('./ls/ls.ts')],
  use: ['make a project the active one', () => import('./projects/use.ts')],
  status: ['what there is to know at a glance', () => import('./home/status.ts')],
};

const PROJECTS: Commands = {
  show: ['show everything about a project', () => import('./projects/show.ts')],
  which: ['tell which project is meant here', () => import('./projects/which.ts')],
  path: ['print the directory of a project', () => import('./projects/path.ts')],
  edit: ['change projects', () => import('./projects/edit/edit.ts')],
  mv: ['tell that a codebase lies elsewhere now; moves no files', () => import('./projects/move/move.ts')],
  rm: ['remove projects; the code stays', () => import('./projects/remove.ts')],
  foreach: ['run a command in the directory of each project', () => import('./many/foreach.ts')],
};

const TRAINING: Commands = {
  train: ['run a trainer; its exit decides completed or failed', () => import('./train/train.ts')],
  retrain: ['ask for projects to be trained again', () => import('./projects/retrain.ts')],
  watch: ['see what happens, as it happens', () => import('./watch/watch.ts')],
  logs: ['print what a trainer printed, or prints', () => import('./logs/logs.ts')],
  history: ['list the trainings that have ended', () => import('./history/history.ts')],
  rollback: ['take what an earlier training made back into service', () => import('./history/rollback.ts')],
  prune: ['move to the trash what trainings left long ago', () => import('./history/prune.ts')],
};

const REGISTRY: Commands = {
  doctor: ['look at everything that can be wrong', () => import('./doctor/doctor.ts')],
  undo: ['take back the last rm, repair, restore or import', () => import('./backups/undo.ts')],
  backups: ['list the earlier contents that are kept', () => import('./backups/backups.ts')],
  restore: ['go back to a backup, or bring projects back from one', () => import('./backups/restore.ts')],
  import: ['take projects out of another registry file, or program', () => import('./backups/import.ts')],
  export: ['write the projects to a registry file', () => import('./backups/export.ts')],
  daemon: [
    'start, stop and look at the daemon',
    {
      description: 'Usually nobody needs to do anything: the daemon is started when it is needed.',
      examples: {
        'gardener daemon status': 'whether it runs, and what it does',
        'gardener daemon logs -n 20': 'what it has logged last',
      },
      commands: {
        run: ['run the daemon in the foreground', () => import('./daemon/run.ts')],
        start: [
          'start the daemon in the background, unless it is running',
          () => import('./daemon/start.ts'),
        ],
        stop: ['end the daemon once everything is written', () => import('./daemon/stop.ts')],
        restart: ['end the daemon and start it again', () => import('./daemon/restart.ts')],
        status: ['show what the daemon is doing; never starts it', () => import('./daemon/status.ts')],
        logs: ['print the log of the daemon, running or not', () => import('./daemon/logs.ts')],
      },
    },
  ],
  service: [
    'have the system start the daemon',
    {
      description:
        'Makes the daemon a service of launchd (macOS) or systemd (Linux). Nobody needs it: without it, the daemon is started with the first call.',
      examples: {
        'gardener service install': 'the daemon runs from login on',
        'gardener service status': 'whether it does',
      },
      commands: {
        install: ['install the service, or bring it up to date', () => import('./service/install.ts')],
        uninstall: ['remove the service; the registry stays', () => import('./service/uninstall.ts')],
        restart: ['end the daemon of the service and start it again', () => import('./service/restart.ts')],
        status: ['show whether the service is as it should be', () => import('./service/status.ts')],
      },
    },
  ],
};

const SHELL: Commands = {
  init: ['teach the shell gcd, use --shell, completion and a prompt', () => import('./shell/init.ts')],
  mcp: [
    'serve an AI agent',
    {
      alone: () => import('./mcp/mcp.ts'),
      commands: {
        install: ['have a program start the server for its agent', () => import('./mcp/install.ts')],
        uninstall: ['have a program start it no longer', () => import('./mcp/uninstall.ts')],
      },
    },
  ],
  completion: ['teach the shell to complete gardener', () => import('./completion/completion.ts')],
  call: ['call any method of the registry', () => import('./reference/call.ts')],
  docs: ['print the reference of the protocol and of --json', () => import('./reference/docs.ts')],
  // What the program does without a command.
  __home: [undefined, () => import('./home/alone.ts')],
  // What the scripts ask.
  __complete: [undefined, () => import('./completion/complete.ts')],
};

/** All commands, by the headings below which help lists them. */
export const COMMANDS: Readonly<Record<string, Commands>> = {
  'To begin with': BEGIN,
  Projects: PROJECTS,
  Training: TRAINING,
  Registry: REGISTRY,
  'Shell and programs': SHELL,
};

const EPILOGUE = `A project is named by its name, its id, a path in it or, where nothing is
removed, the beginning of a name that no other project has. Commands that may do
without one take CODEBASE_GARDENER_PROJECT, the project around the working
directory, or the active one. On a terminal, show, train and use ask outside a
project, and path where none is active.`;

const EXIT_CODES = `Exit codes: 0 good, 1 the registry said no, 2 wrong usage, 3 the daemon cannot
be reached, 4 nothing waits for "train --claim".`;

/** What the program says of itself, as commands do, and takes before and behind each of them. */
export const PROGRAM = {
  description: 'Knows your codebases: where they are, how far their training is, which one is active.',
  takes: {
    '--data-dir <path>': {
      description: 'where the registry is (default: ~/.codebase-gardener)',
      read: placeOption('--data-dir'),
    },
    '--socket <path>': {
      description: 'where the daemon listens (default: <data-dir>/run/registry.sock)',
      read: placeOption('--socket'),
    },
    '--json': 'answer with one JSON document',
    '--no-start': 'do not start a daemon when none is running',
  } satisfies Takes,
  details: EPILOGUE,
  examples: {
    'gardener add ~/src/website': 'register a codebase',
    'gardener ls': 'list them all',
    'gardener train website -- make adapter': 'train one, and record how it ends',
    'gardener status': 'see how everything stands',
  },
};

/**
 * Makes the program.
 *
 * @param words what was typed after the program's name
 * @param entered gets the context of the command that is about to run
 * @param printed gets help and version where a document is to be made of them; undefined where people read them
 */
export function createProgram(
  host: Host,
  words: readonly string[],
  entered: (ctx: Context) => void,
  printed?: string[],
): Command {
  const program: Command = new Command('gardener')
    .description(PROGRAM.description)
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .configureHelp({
      showGlobalOptions: true,
      // Not those of a command between, which are its own.
      visibleGlobalOptions: (command) => (command.parent ? [...program.options] : []),
      helpWidth: Math.min(sizeOf(host.stdout).columns, 100),
      formatItem,
      // What each takes is in its own help: here it would leave no room for what it does.
      subcommandTerm: (command) => command.name(),
    })
    .exitOverride()
    // Messages go through the same door as all others; see run.ts.
    .configureOutput({
      writeOut: (text) => (printed ? printed.push(text) : host.stdout.write(shownText(text))),
      // A document says what is wrong in its own words.
      writeErr: (text) => (printed ? undefined : host.stderr.write(shownText(text))),
      outputError: () => undefined,
    });
  addTakes(program, PROGRAM.takes);
  addParagraphs(program, `${PROGRAM.details}\n\n${EXIT_CODES}`);
  addExamples(program, PROGRAM.examples);
  const context = (): Context => {
    const ctx = new Context(host, words, program.opts<Globals>(), adviser(program, host.home));
    entered(ctx);
    return ctx;
  };
  for (const [heading, commands] of Object.entries(COMMANDS))
    addCommands(program.commandsGroup(`${heading}:`), commands, context);
  program.helpCommand('help [command]', 'print help for a command');
  return program;
}
