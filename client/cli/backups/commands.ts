/** The commands that take projects to and from other registries: `gardener import` and `gardener export`. */
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ExportOptions } from './export.ts';
import type { ImportOptions } from './import.ts';

export function addExchangeCommands(program: Command, context: () => Context): void {
  program
    .command('import')
    .summary('take projects out of another registry file')
    .description(
      'Takes the projects of another registry file, of any version up to this one, that are not in this one, with their ids, times and training. Adapters stay where they are.',
    )
    .argument('<file>', 'registry.json of another data directory, or an exported one')
    .option('--dry-run', 'only tell what would be taken')
    .action(async (file: string, options: ImportOptions) =>
      (await import('./import.ts')).importProjects(context(), file, options),
    );
  program
    .command('export')
    .summary('write the projects to a registry file')
    .description('Writes all projects as a registry file, which "gardener import" takes.')
    .argument('[file]', 'where to; - is standard output', '-')
    .option('--force', 'also over a file that exists')
    .action(async (file: string, options: ExportOptions) =>
      (await import('./export.ts')).exportProjects(context(), file, options),
    );
}
