/** What can be typed: commands, flags, help. What a command does is loaded when it is asked for. */
import { Command, Help } from 'commander';
import { VERSION } from '../../src/version.ts';
import type { AddOptions } from './projects/add.ts';
import { adviser } from './advice.ts';
import { Context, type Globals, type Host } from './context.ts';
import { addDaemonCommands } from './daemon/commands.ts';
import type { EditOptions } from './projects/edit.ts';
import { addExchangeCommands } from './backups/commands.ts';
import { shownText } from './terminal/gate.ts';
import type { ListOptions } from './projects/list.ts';
import type { MoveOptions } from './projects/move/move.ts';
import { collect, placeOption, statusOption, wholeNumber } from './option-values.ts';
import { addReferenceCommands } from './reference/commands.ts';
import type { RemoveOptions } from './projects/remove.ts';
import type { RetrainOptions } from './projects/retrain.ts';
import { addServiceCommands } from './daemon/service-commands.ts';
import { sizeOf } from './terminal/size.ts';
import { addTrainingCommands } from './train/commands.ts';
import { addUpkeepCommands } from './upkeep-program.ts';
import type { UseOptions } from './projects/use.ts';

const PROJECT = 'name, id or path of a project';
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
      // Every command has options; saying so would leave no room for what it does.
      subcommandTerm: (command) => new Help().subcommandTerm(command).replace(' [options]', ''),
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
    const ctx = new Context(host, program.opts<Globals>(), adviser(program, host.home));
    entered(ctx);
    return ctx;
  };
  addProjectCommands(program, context);
  addTrainingCommands(program, context, words);
  addRegistryCommands(program, context);
  return program;
}

function addProjectCommands(program: Command, context: () => Context): void {
  program.commandsGroup('Projects:');
  program
    .command('add')
    .summary('register a codebase')
    .description('Registers a codebase. Its name, language and number of files are found out.')
    .argument('[path]', 'directory of the codebase', '.')
    .option('--name <name>', 'name of the project (default: that of the directory)')
    .option('--language <language>', 'language (default: that of most files)')
    .option('--tag <tag>', 'a tag; may be given several times', collect)
    .option('--use', 'make it the active project')
    .action(async (path: string, options: AddOptions) =>
      (await import('./projects/add.ts')).add(context(), path, options),
    );
  program
    .command('ls')
    .summary('list the projects')
    .description('Lists the projects; the active one is marked with *.')
    .argument('[query]', 'part of a name, path or tag')
    .addOption(statusOption('only projects in this state'))
    .option('--language <language>', 'only projects in this language')
    .option('--tag <tag>', 'only projects with this tag')
    .action(async (query: string | undefined, options: ListOptions) =>
      (await import('./projects/list.ts')).list(context(), query, options),
    );
  program
    .command('show')
    .summary('show everything about a project')
    .description('Shows everything about a project.')
    .argument('[project]', PROJECT)
    .action(async (project: string | undefined) =>
      (await import('./projects/show.ts')).show(context(), project),
    );
  program
    .command('use')
    .summary('make a project the active one')
    .description('Makes a project the active one.')
    .argument('[project]', PROJECT)
    .option('--none', 'no project is active afterwards')
    .action(async (project: string | undefined, options: UseOptions) =>
      (await import('./projects/use.ts')).use(context(), project, options),
    );
  program
    .command('which')
    .summary('tell which project is meant here')
    .description(
      'Prints the name of the project that is meant here, and on a terminal why. Piped, the name stands alone.',
    )
    .argument('[project]', PROJECT)
    .action(async (project: string | undefined) =>
      (await import('./projects/show.ts')).which(context(), project),
    );
  program
    .command('edit')
    .summary('change a project')
    .description('Changes a project; without flags in an editor ($VISUAL or $EDITOR).')
    .argument('<project>', PROJECT)
    .option('--name <name>', 'another name')
    .option('--path <path>', 'another directory')
    .option('--language <language>', 'another language')
    .option('--tag <tag>', 'add a tag; may be given several times', collect)
    .option('--untag <tag>', 'take a tag away; may be given several times', collect)
    .option('--meta <key=json>', 'set a value in the metadata, or delete it with null; repeatable', collect)
    .option('--file-count <number>', 'another number of files', wholeNumber)
    .option('--rescan', 'find out language and number of files again')
    .action(async (project: string, options: EditOptions) =>
      (await import('./projects/edit.ts')).edit(context(), project, options),
    );
  program
    .command('mv')
    .summary('tell that a codebase lies elsewhere now; moves no files')
    .description(
      'Tells the registry that a codebase lies elsewhere now, or all those at or below a directory that has moved. Moves no files. Takes what mv took: of a directory into which something was moved, what is in it is meant.',
    )
    .argument('<project-or-directory>', 'the project, or the path that the directory had')
    .argument('<directory>', 'where it is now, or is in now')
    .option('--dry-run', 'show what would change, and change nothing')
    .action(async (what: string, directory: string, options: MoveOptions) =>
      (await import('./projects/move/move.ts')).move(context(), what, directory, options),
    );
  program
    .command('rm')
    .summary('remove projects; the code stays')
    .description('Removes projects from the registry, with what training left. The code stays.')
    .argument('<project...>', PROJECT)
    .option('--keep-files', 'leave what training left')
    .option('--force', 'even while somebody trains it')
    .option('--yes', 'do not ask')
    .action(async (projects: string[], options: RemoveOptions) =>
      (await import('./projects/remove.ts')).remove(context(), projects, options),
    );
  program
    .command('retrain')
    .summary('ask for a project to be trained again')
    .description('Marks a project as waiting for training.')
    .argument('<project>', PROJECT)
    .option('--reason <reason>', 'why, for whoever trains it')
    .action(async (project: string, options: RetrainOptions) =>
      (await import('./projects/retrain.ts')).retrain(context(), project, options),
    );
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
