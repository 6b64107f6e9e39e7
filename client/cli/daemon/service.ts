/** `gardener service install|uninstall|restart|status`. */
import { homeDirectory } from '../../../src/paths.ts';
import { refuseForRoot } from '../../../src/claim/private-directory.ts';
import { isDaemonOf } from '../../../src/claim/process-ids.ts';
import { ConnectionError } from '../../errors.ts';
import { ServiceError } from '../../service/commands.ts';
import { platformManager, serviceManager } from '../../service/findings.ts';
import type { ServiceManagerName } from '../../../src/flags.ts';
import type { ServiceManager } from '../../service/manager.ts';
import { type PlanOptions, planWarnings } from '../../service/plan.ts';
import type { Finding, ServiceStatus } from '../../service/status.ts';
import type { Context } from '../context.ts';
import { end, refuseElsewhere, whenRunning } from './daemon.ts';
import { LocalError, UsageError } from '../errors.ts';
import { leftBy, noteLeft } from './left-content.ts';
import { layFields } from '../terminal/fields.ts';
import { printable, shellWord } from '../terminal/text.ts';

export interface ServiceOptions {
  readonly manager?: ServiceManagerName;
}

export interface InstallOptions extends ServiceOptions {
  readonly onDemand?: true;
}

export async function install(ctx: Context, options: InstallOptions): Promise<void> {
  if (ctx.socketAlone) {
    throw new UsageError(
      'cannot install a service for a socket that was given without a data directory: it may lead to another machine',
      `gardener service install --data-dir ${shellWord(ctx.paths.dataDir)} --socket ${shellWord(ctx.paths.socket)}`,
    );
  }
  if (ctx.mayBeTunnel) {
    throw new UsageError(
      'cannot install a service for a socket that no daemon has left: it may lead to another machine',
      `gardener service install --data-dir ${shellWord(ctx.paths.dataDir)} --socket ${shellWord(ctx.paths.socket)}`,
    );
  }
  await refuseElsewhere(ctx, 'install a service', 'gardener service install').catch((error: unknown) => {
    // Whoever does not answer is not ended either; the service may be what is to be mended by this.
    if (!(error instanceof ConnectionError)) throw error;
  });
  // What the service manager reads is in the home, wherever the data are.
  refuseForRoot(ctx.host.home || homeDirectory());
  const manager = managerOf(ctx, options);
  const installed = await explained(ctx, () =>
    manager.install(planOptions(ctx, options), { beforeStart: () => endSpawned(ctx) }),
  );
  const status = await explained(ctx, () => manager.status(planOptions(ctx, options)));
  const warnings = planWarnings(installed.plan);
  if (ctx.json) return ctx.printJson({ changed: installed.changed, warnings, ...status });
  ctx.print(
    installed.changed
      ? `installed the service with ${manager.name}: ${printable(ctx.shortPath(installed.file))}`
      : `the service is installed already: ${printable(ctx.shortPath(installed.file))}`,
  );
  for (const warning of warnings) ctx.note(`note: ${printable(warning)}`);
  for (const problem of status.problems) {
    if (!problem.check.startsWith('service.node')) noteProblem(ctx, problem);
  }
}

export async function uninstall(ctx: Context, options: ServiceOptions): Promise<void> {
  refuseForRoot(ctx.host.home || homeDirectory());
  const manager = managerOf(ctx, options);
  const uninstalled = await leftBy(ctx.paths.dataDir, () => explained(ctx, () => manager.uninstall()));
  const {
    result: { removed, wasLoaded },
    left,
  } = uninstalled;
  noteLeft(ctx, left);
  if (ctx.json) return ctx.printJson({ removed, was_loaded: wasLoaded, ...(left && { left }) });
  if (removed.length === 0 && !wasLoaded) return ctx.print('no service is installed');
  ctx.print(`removed the service from ${manager.name}`);
}

export async function restart(ctx: Context, options: ServiceOptions): Promise<void> {
  const manager = managerOf(ctx, options);
  await explained(ctx, () => manager.restart());
  if (ctx.json) return ctx.printJson({ restarted: true });
  ctx.print('restarted the service');
}

export async function status(ctx: Context, options: ServiceOptions): Promise<void> {
  const manager = managerOf(ctx, options);
  const found = await explained(ctx, () => manager.status(planOptions(ctx, options)));
  if (ctx.json) return ctx.printJson(found);
  const lines = layFields(
    [
      ['service', found.installed ? `installed with ${found.manager}` : 'not installed'],
      ['file', found.installed ? printable(ctx.shortPath(found.file)) : undefined],
      ['state', stateWords(found)],
      ['last exit', found.last_exit === null ? undefined : String(found.last_exit)],
    ],
    ctx.paint,
    { columns: ctx.columns },
  );
  for (const line of lines) ctx.print(line);
  for (const problem of found.problems) noteProblem(ctx, problem);
  if (!found.installed) ctx.suggest('to have the daemon started by the system: gardener service install');
}

function stateWords({ installed, enabled, loaded, running, pid }: ServiceStatus): string | undefined {
  if (!installed && !loaded) return undefined;
  const words = [enabled ? 'enabled' : 'disabled', loaded ? 'loaded' : 'not loaded'];
  return [...words, running ? `running, pid ${pid}` : 'not running'].join(', ');
}

function noteProblem(ctx: Context, { level, message, remedy }: Finding): void {
  ctx.note(`${level}: ${printable(message)}`);
  if (remedy !== undefined) ctx.note(`try: ${printable(remedy)}`);
}

/** Ends a daemon that a client has started, in whose way the service's would be. One in the foreground stays. */
async function endSpawned(ctx: Context): Promise<void> {
  const found = await whenRunning(ctx, (client) => client.daemon.status());
  if (found?.manager === 'spawned') {
    const ended = await end(ctx, 'gardener service install');
    noteLeft(ctx, ended?.left ?? null);
  }
  if (found?.manager === 'foreground') {
    // Whoever reads it may want to end that process.
    const number = isDaemonOf(found.pid, found.socket) ? ` (pid ${found.pid})` : '';
    ctx.note(`note: a daemon runs in the foreground${number}; the service takes over when it has ended`);
  }
}

function managerOf(ctx: Context, { manager }: ServiceOptions): ServiceManager {
  return serviceManager(manager ?? platformManager(), ctx.host.home || homeDirectory());
}

function planOptions(ctx: Context, { onDemand }: InstallOptions): PlanOptions {
  return {
    paths: ctx.paths,
    daemonProgram: ctx.host.daemonProgram,
    onDemand,
    home: ctx.host.home || homeDirectory(),
  };
}

/** Shows what was run when it failed. */
async function explained<T>(ctx: Context, work: () => Promise<T>): Promise<T> {
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
