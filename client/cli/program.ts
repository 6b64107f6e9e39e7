/** What can be typed: commands, flags, help. What a command does is loaded when it is asked for. */
import { Command } from 'commander';
import { VERSION } from '../../src/version.ts';
import { adviser } from './advice.ts';
import { addCommands, type Commands, shownInLists } from './command.ts';
import { Context, type Globals, type Host } from './context.ts';
import { addDaemonCommands } from './daemon/commands.ts';
import { addExchangeCommands } from './backups/commands.ts';
import { shownText } from './terminal/gate.ts';
import { placeOption } from './option-values.ts';
import { addReferenceCommands } from './reference/commands.ts';
import { addServiceCommands } from './daemon/service-commands.ts';
import { sizeOf } from './terminal/size.ts';
import { addUpkeepCommands } from './upkeep-program.ts';

const PROJECTS: Commands = {
  'add [path]': ['register a codebase', () => import('./projects/add.ts')],
  'ls [query]': ['list the projects', () => import('./projects/list.ts')],
  'show [project]': ['show everything about a project', () => import('./projects/show.ts')],
  'use [project]': ['make a project the active one', () => import('./projects/use.ts')],
  'which [project]': ['tell which project is meant here', () => import('./projects/which.ts')],
  'edit <project>': ['change a project', () => import('./projects/edit.ts')],
  'mv <project-or-directory> <directory>': [
    'tell that a codebase lies elsewhere now; moves no files',
    () => import('./projects/move/move.ts'),
  ],
  'rm <project...>': ['remove projects; the code stays', () => import('./projects/remove.ts')],
  'retrain <project>': ['ask for a project to be trained again', () => import('./projects/retrain.ts')],
};

const TRAINING: Commands = {
  'train [project] [command...]': [
    'run a trainer; its exit decides completed or failed',
    () => import('./train/train.ts'),
  ],
  'watch [project]': ['see what happens, as it happens', () => import('./watch/watch.ts')],
};

const EPILOGUE = `
A project is named by its name, its id or a path in it. Commands that may do
without one take CODEBASE_GARDENER_PROJECT, the project around the working
directory, or the active one.

Exit codes: 0 good, 1 the registry said no, 2 wrong usage, 3 the daemon cannot
be reached.`;

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
  const program = new Command('gardener')
    .description('Knows your codebases: where they are, how far their training is, which one is active.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .option(
      '--data-dir <path>',
      'where the registry is (default: ~/.codebase-gardener)',
      placeOption('--data-dir'),
    )
    .option(
      '--socket <path>',
      'where the daemon listens (default: <data-dir>/run/registry.sock)',
      placeOption('--socket'),
    )
    .option('--json', 'answer with one JSON document')
    .option('--no-start', 'do not start a daemon when none is running')
    .configureHelp({
      showGlobalOptions: true,
      helpWidth: Math.min(sizeOf(host.stdout).columns, 100),
      minWidthToWrap: 30,
      subcommandTerm: shownInLists,
    })
    .addHelpText('after', EPILOGUE)
    .exitOverride()
    // Messages go through the same door as all others; see run.ts.
    .configureOutput({
      writeOut: (text) => (printed ? printed.push(text) : host.stdout.write(shownText(text))),
      // A document says what is wrong in its own words.
      writeErr: (text) => (printed ? undefined : host.stderr.write(shownText(text))),
      outputError: () => undefined,
    });
  const context = (): Context => {
    const ctx = new Context(host, words, program.opts<Globals>(), adviser(program, host.home));
    entered(ctx);
    return ctx;
  };
  addCommands(program.commandsGroup('Projects:'), PROJECTS, context);
  addCommands(program.commandsGroup('Training:'), TRAINING, context);
  addRegistryCommands(program, context);
  return program;
}

function addRegistryCommands(program: Command, context: () => Context): void {
  program.commandsGroup('Registry:');
  program
    .command('status')
    .summary('daemon, projects and problems at a glance')
    .description(
      'Shows the daemon, how many projects there are, the active one, and what is wrong if anything.',
    )
    .action(async () => (await import('./daemon/status.ts')).status(context()));
  addUpkeepCommands(program, context);
  addDaemonCommands(program, context);
  addServiceCommands(program, context);
  addExchangeCommands(program, context);
  addReferenceCommands(program, context);
}
