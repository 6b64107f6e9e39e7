/** `gardener daemon start`. */
import { defineCommand } from '../command.ts';
import { refuseToStart, whenRunning } from './running.ts';

export default defineCommand({
  description: 'Starts the daemon in the background, unless it is running.',
  examples: {
    'gardener daemon start': 'in the background',
  },
  document: {
    started: 'false where it was running',
    pid: 'of the daemon',
    version: 'of the daemon',
  },
  async action(ctx) {
    refuseToStart(ctx, 'start');
    const running = await whenRunning(ctx, ({ hello }) => Promise.resolve(hello));
    const hello = running ?? (await ctx.withClient((client) => Promise.resolve(client.hello)));
    const { pid, version } = hello;
    if (ctx.json) return ctx.printJson({ started: !running, pid, version });
    ctx.print(
      `${running ? 'the daemon is running already' : 'started the daemon'}: pid ${pid}, version ${version}`,
    );
  },
});
