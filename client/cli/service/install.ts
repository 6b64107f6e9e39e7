/** `gardener service install`: has launchd or systemd start the daemon. */
import { homeDirectory } from '../../../src/paths.ts';
import { refuseForRoot } from '../../../src/claim/private-directory.ts';
import { isDaemonOf } from '../../../src/claim/process-ids.ts';
import { ConnectionError } from '../../errors.ts';
import { planWarnings } from '../../service/plan.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { noteLeft } from '../daemon/left-content.ts';
import { end, refuseElsewhere, whenRunning } from '../daemon/running.ts';
import { UsageError } from '../errors.ts';
import { printable, shellWord } from '../terminal/text.ts';
import { explained, managed, managerOf, noteProblem, planOptions, STATUS_FIELDS } from './manager.ts';

export default defineCommand({
  description: 'Installs the service and starts it, or brings it up to date.',
  takes: {
    ...managed,
    '--on-demand': 'start with the first call and end when idle (always so with systemd)',
  },
  examples: {
    'gardener service install': 'start the daemon at login',
    'gardener service install --on-demand': 'only when somebody calls',
  },
  document: {
    changed: 'false where all was there already',
    warnings: 'what may be unexpected, in words',
    ...STATUS_FIELDS,
  },
  async action(ctx, { manager: named, onDemand }) {
    if (ctx.mayBeTunnel) {
      const whose = ctx.socketAlone ? 'was given without a data directory' : 'no daemon has left';
      throw new UsageError(
        `cannot install a service for a socket that ${whose}: it may lead to another machine`,
        `gardener service install --data-dir ${shellWord(ctx.paths.dataDir)} --socket ${shellWord(ctx.paths.socket)}`,
      );
    }
    await refuseElsewhere(ctx, 'install a service', 'gardener service install').catch((error: unknown) => {
      // Whoever does not answer is not ended either; the service may be what is to be mended by this.
      if (!(error instanceof ConnectionError)) throw error;
    });
    // What the service manager reads is in the home, wherever the data are.
    refuseForRoot(ctx.host.home || homeDirectory());
    const manager = await managerOf(ctx, named);
    const installed = await explained(ctx, () =>
      manager.install(planOptions(ctx, onDemand), { beforeStart: () => endSpawned(ctx) }),
    );
    const status = await explained(ctx, () => manager.status(planOptions(ctx, onDemand)));
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
  },
});

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
