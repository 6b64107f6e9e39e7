/** The commands of `gardener service`. */
import { type Command, Option } from 'commander';
import { SERVICE_MANAGERS } from '../../../src/flags.ts';
import type { Context } from '../context.ts';
import type { InstallOptions, ServiceOptions } from './service.ts';

export function addServiceCommands(program: Command, context: () => Context): void {
  const service = program
    .command('service')
    .summary('have the system start the daemon')
    .description(
      'Makes the daemon a service of launchd (macOS) or systemd (Linux). Nobody needs it: without it, the daemon is started with the first call.',
    );
  const managed = (name: string): Command =>
    service
      .command(name)
      .addOption(
        new Option('--manager <manager>', 'which one does it, by default the one of this system').choices(
          SERVICE_MANAGERS,
        ),
      );
  managed('install')
    .summary('install the service, or bring it up to date')
    .description('Installs the service and starts it, or brings it up to date.')
    .option('--on-demand', 'start with the first call and end when idle (always so with systemd)')
    .action(async (options: InstallOptions) => (await import('./service.ts')).install(context(), options));
  managed('uninstall')
    .summary('remove the service; the registry stays')
    .description('Removes the service. The registry stays, and so do the commands.')
    .action(async (options: ServiceOptions) => (await import('./service.ts')).uninstall(context(), options));
  managed('restart')
    .summary('end the daemon of the service and start it again')
    .description('Ends the daemon of the service and starts it again.')
    .action(async (options: ServiceOptions) => (await import('./service.ts')).restart(context(), options));
  managed('status')
    .summary('show whether the service is as it should be')
    .description('Shows whether the service is installed, whether it runs, and what is not as it should be.')
    .action(async (options: ServiceOptions) => (await import('./service.ts')).status(context(), options));
}
