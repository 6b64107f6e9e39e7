/** The commands that keep the registry well, and the shell informed. */
import { Argument, type Command } from 'commander';
import type { CompleteOptions } from './completion/complete.ts';
import type { Shell } from './completion/completion.ts';
import type { Context } from './context.ts';
import { collect } from './option-values.ts';
import type { DoctorOptions } from './doctor/doctor.ts';
import type { RestoreOptions } from './backups/restore.ts';

export function addUpkeepCommands(program: Command, context: () => Context): void {
  program
    .command('doctor')
    .summary('look at everything that can be wrong')
    .description(
      'Looks at the files, the daemon, the projects, the backups and the service, and says what to do. Works also when the daemon does not. Ends with 1 when there are errors.',
    )
    .option(
      '--fix',
      'do what can be done without losing anything; asks before it changes the registry, and elsewhere than at a terminal leaves that',
    )
    .option('--yes', 'with --fix: do not ask')
    .action(async (options: DoctorOptions) =>
      (await import('./doctor/doctor.ts')).doctor(context(), options),
    );
  program
    .command('backups')
    .summary('list the earlier contents that are kept')
    .description('Lists the earlier contents of the registry that are kept, newest first.')
    .action(async () => (await import('./backups/backups.ts')).backups(context()));
  program
    .command('restore')
    .summary('go back to a backup, or bring projects back from one')
    .description(
      'Shows what a backup would change, asks, and goes back to it. What it replaces becomes a backup.',
    )
    .argument('<backup>', 'name of a backup, as gardener backups shows it')
    .option('--project <project>', 'bring back only this one; may be given several times', collect)
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--yes', 'do not ask')
    .action(async (backup: string, options: RestoreOptions) =>
      (await import('./backups/restore.ts')).restore(context(), backup, options),
    );
  program
    .command('completion')
    .summary('teach the shell to complete gardener')
    .description(
      'Prints a script that completes commands, flags and names. In ~/.bashrc: eval "$(gardener completion bash)"',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish'] satisfies Shell[]))
    .action(async (shell: Shell) =>
      (await import('./completion/completion.ts')).completion(context(), shell),
    );
  // What the scripts ask.
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .option('--line <line>')
    .option('--replaces <text>')
    .action(async (words: string[], options: CompleteOptions) =>
      (await import('./completion/complete.ts')).complete(context(), program, words, options),
    );
}
