/** `gardener daemon stop`. */
import { defineCommand } from '../command.ts';
import { noteLeft } from './left-content.ts';
import { end } from './running.ts';

export default defineCommand({
  description: 'Ends the daemon once everything is written. Whoever needs it next starts it again.',
  async action(ctx) {
    const stopped = await end(ctx, 'gardener daemon stop');
    if (stopped) noteLeft(ctx, stopped.left);
    if (ctx.json) {
      const { pid, left } = stopped ?? {};
      return ctx.printJson(stopped ? { stopped: true, pid, ...(left && { left }) } : { stopped: false });
    }
    if (!stopped) return ctx.print('no daemon is running');
    const { place } = stopped;
    ctx.print(`stopped the daemon${place ? `, ${place.where}` : ''}: pid ${stopped.pid}`);
    if (stopped.manager === 'launchd' || stopped.manager === 'systemd') {
      ctx.note(`note: ${stopped.manager} starts it again when somebody needs it`);
    }
  },
});
