/** The commands of `gardener service`. */
import { type Command, Option } from 'commander';
import type { Context } from './context.ts';
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
        new Option('--manager <manager>', 'default: the one of this system').choices(['launchd', 'systemd']),
      );
  managed('install')
    .description('install the service, or bring it up to date')
    .option('--on-demand', 'start with the first call and end when idle (always so with systemd)')
    .action(async (options: InstallOptions) => (await import('./service.ts')).install(context(), options));
  managed('uninstall')
    .description('remove the service; the registry stays')
    .action(async (options: ServiceOptions) => (await import('./service.ts')).uninstall(context(), options));
  managed('restart')
    .description('end the daemon of the service and start it again')
    .action(async (options: ServiceOptions) => (await import('./service.ts')).restart(context(), options));
  managed('status')
    .description('show whether the service is installed, runs, and is as it should be')
    .action(async (options: ServiceOptions) => (await import('./service.ts')).status(context(), options));
}
