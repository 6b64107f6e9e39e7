/** `gardener daemon restart`. */
import { defineCommand } from '../command.ts';
import { end, refuseElsewhere, refuseToStart } from './running.ts';

export default defineCommand({
  description: 'Ends the daemon once everything is written, and starts it again.',
  examples: {
    'gardener daemon restart': 'the same registry, with what is installed now',
  },
  document: {
    stopped: 'pid of the one before, or null',
    pid: 'of the daemon',
    version: 'of the daemon',
  },
  async action(ctx) {
    refuseToStart(ctx, 'restart');
    await refuseElsewhere(ctx, 'restart the daemon', 'gardener daemon restart');
    const stopped = await end(ctx, 'gardener daemon restart');
    const { pid, version } = await ctx.withClient((client) => Promise.resolve(client.hello), {
      autoStart: true,
    });
    if (ctx.json) return ctx.printJson({ stopped: stopped?.pid ?? null, pid, version });
    ctx.print(`${stopped ? 'restarted' : 'started'} the daemon: pid ${pid}, version ${version}`);
  },
});
