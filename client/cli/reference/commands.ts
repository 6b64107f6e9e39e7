/** The commands around the protocol: `gardener call` and `gardener docs`. */
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';

export function addReferenceCommands(program: Command, context: () => Context): void {
  const call = program
    .command('call')
    .summary('call any method of the registry')
    .description('Calls a method of the registry and prints its result as JSON.')
    .usage('[options] <method> [json]')
    .argument('[method]', 'such as projects.get')
    .argument('[json]', 'params as a JSON object; - reads them from standard input')
    // An option and not commander's own: it takes a method.
    .helpOption(false)
    .option('-h, --help', 'print help; for a method, its params, errors and an example')
    .action(async (method: string | undefined, params: string | undefined, options: { help?: true }) => {
      if (options.help && method !== undefined) {
        return (await import('./method-help.ts')).methodHelp(context(), method);
      }
      if (options.help) return call.help();
      if (method === undefined) {
        throw new UsageError("missing required argument 'method'", 'gardener call --help');
      }
      return (await import('./call.ts')).call(context(), method, params);
    });
  program
    .command('docs')
    .summary('print the reference of the protocol')
    .description('Prints every method and event of the registry, its types and its errors, as Markdown.')
    .argument('[name]', 'print only what has this heading: events, removed, projects.get, WireProject')
    .action(async (name: string | undefined) => (await import('./docs.ts')).docs(context(), name));
}
