/** What the commands of `gardener service` have in common: which manager is meant, and what it says. */
import { homeDirectory } from '../../../src/paths.ts';
import { ServiceError } from '../../service/commands.ts';
import { SERVICE_MANAGERS, type ServiceManagerName } from '../../../src/flags.ts';
import type { ServiceManager } from '../../service/manager.ts';
import type { PlanOptions } from '../../service/plan.ts';
import type { Finding, ServiceStatus } from '../../service/status.ts';
import type { Context } from '../context.ts';
import { LocalError } from '../errors.ts';
import { printable } from '../terminal/text.ts';

/** What each of them takes. */
export const managed = {
  '--manager <manager>': {
    description: 'which one does it, by default the one of this system',
    choices: SERVICE_MANAGERS,
  },
} as const;

/** What documents hold of how a service is. */
export const STATUS_FIELDS: Readonly<Record<keyof ServiceStatus, string>> = {
  manager: 'launchd or systemd',
  installed: 'whether its file is there',
  enabled: 'whether it is started, or listened for, from login on',
  loaded: 'whether the manager knows it now',
  running: 'whether its daemon runs',
  pid: 'of its daemon, or null',
  last_exit: 'exit code of its last run that has ended, or null',
  file: 'path of its file',
  problems: 'what is not as it should be: each with check, level, message, and remedy where there is one',
};

export async function managerOf(ctx: Context, named?: ServiceManagerName): Promise<ServiceManager> {
  // It brings more with it than all other commands, and is not needed to say what they take.
  const { platformManager, serviceManager } = await import('../../service/findings.ts');
  return serviceManager(named ?? platformManager(), ctx.host.home || homeDirectory());
}

export function planOptions(ctx: Context, onDemand?: true): PlanOptions {
  return {
    paths: ctx.paths,
    daemonProgram: ctx.host.daemonProgram,
    onDemand,
    home: ctx.host.home || homeDirectory(),
  };
}

export function noteProblem(ctx: Context, { level, message, remedy }: Finding): void {
  ctx.note(`${level}: ${printable(message)}`);
  if (remedy !== undefined) ctx.note(`try: ${printable(remedy)}`);
}

/** Shows what was run when it failed. */
export async function explained<T>(ctx: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    for (const { command, code, output } of error.commands) {
      ctx.note(`ran: ${printable(command)} (exit ${code})`);
      if (code === 0 || output === '') continue;
      for (const line of output.split('\n')) ctx.note(`  ${printable(line)}`);
    }
    throw new LocalError(error.message, error.remedy, error);
  }
}
