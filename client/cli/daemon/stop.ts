/** `gardener daemon stop`. */
import { defineCommand } from '../command.ts';
import { noteLeft } from './left-content.ts';
import { end } from './running.ts';

export default defineCommand({
  description: 'Ends the daemon once everything is written. Whoever needs it next starts it again.',
  examples: {
    'gardener daemon stop': 'before an update, or to free memory',
  },
  document: {
    stopped: 'false where none was running',
    'pid?': 'of the one that was',
    'left?': 'path of a content that it could not write where it belongs, or null',
  },
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
