/** The commands around training: `gardener train` and `gardener watch`. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import { collect } from '../option-values.ts';
import type { TrainOptions } from './train.ts';
import type { WatchFlags } from '../watch/watch.ts';

/** What the daemon takes: a day. Seconds. */
const LONGEST_STALL = 86_400;

const TRAIN_HELP = `
The command gets GARDENER_PROJECT_ID, _NAME, _SOURCE_PATH, _LORA_ADAPTER_PATH,
_VECTOR_STORE_PATH, _CONTEXT_PATH and _TOKEN. It may tell how far it is on
descriptor 3, whose number is in GARDENER_PROGRESS_FD, a line a report, in which
everything is optional; a mere 40% will do as well:

  {"progress": 0.4, "phase": "training", "message": "epoch 2"}
  {"result": {"file_count": 412, "lora_adapter_path": "x", "metadata": {}}}

Exit 0 means trained; anything else means failed, with the last lines of
standard error. Signals are passed on. gardener ends with the command's exit
code, 128 and the signal that ended it, or its own: 1 also when the project was
taken away or nothing waits, 127 and 126 when the command cannot be run.`;

/** @param typed what was typed after the program's name */
export function addTrainingCommands(
  program: Command,
  context: () => Context,
  typed: readonly string[],
): void {
  program.commandsGroup('Training:');
  program
    .command('train')
    .summary('run a trainer; its exit decides completed or failed')
    .description('Runs a command that trains a project, while nobody else may train it.')
    .usage(
      '[options] [project] -- <command...>\n       gardener train [options] --claim -- <command...>\n       gardener train --cancel <project>',
    )
    .argument('[project]', 'name, id or path of a project; default the one that is meant here')
    .argument('[command...]', 'the trainer, with its arguments')
    .option('--claim', 'take the project that has waited longest for training')
    .option('--language <language>', 'with --claim: only in this language; repeatable', collect)
    .option('--tag <tag>', 'with --claim: only with this tag; repeatable', collect)
    .option(
      '--wait [seconds]',
      'with --claim or --cancel: wait so long (default: as long as it takes)',
      seconds,
    )
    .option('--stall <seconds>', 'fail the project when no progress is reported for so long', stall)
    .option('--force', 'take the project from whoever trains it')
    .option('--cancel', 'ask whoever trains the project to stop')
    .option('--reason <reason>', 'with --cancel: why')
    .addHelpText('after', TRAIN_HELP)
    .action(async (project: string | undefined, command: string[], options: TrainOptions) => {
      const words = [...(project === undefined ? [] : [project]), ...command];
      // Commander drops the dashes that tell the two apart.
      const dashes = typed.indexOf('--');
      const after = dashes === -1 ? undefined : typed.length - dashes - 1;
      await (await import('./train.ts')).train(context(), words, after, options);
    });
  program
    .command('watch')
    .summary('see what happens, as it happens')
    .description(
      'Shows the projects in a table that is kept up to date; piped, one line for each event, with --json one document a line.',
    )
    .argument('[project]', 'only this one: name, id or path of a project')
    .option('--progress', 'also what trainers report (default for the table)')
    .option('--no-progress', 'not what trainers report (default otherwise)')
    .action(async (project: string | undefined, options: WatchFlags) =>
      (await import('../watch/watch.ts')).watch(context(), project, options),
    );
}

function seconds(value: string): number {
  const number = Number(value);
  if (/^\d+(\.\d+)?$/.test(value) && number > 0) return number;
  throw new InvalidArgumentError('it must be a number of seconds, more than 0');
}

function stall(value: string): number {
  if (seconds(value) <= LONGEST_STALL) return seconds(value);
  throw new InvalidArgumentError(`it must be at most ${LONGEST_STALL} seconds; without it there is no limit`);
}
