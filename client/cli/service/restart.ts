/** `gardener service restart`. */
import { defineCommand } from '../command.ts';
import { explained, managed, managerOf } from './manager.ts';

export default defineCommand({
  description: 'Ends the daemon of the service and starts it again.',
  takes: managed,
  examples: {
    'gardener service restart': 'after an update',
  },
  document: {
    restarted: 'true',
  },
  async action(ctx, { manager: named }) {
    const manager = await managerOf(ctx, named);
    await explained(ctx, () => manager.restart());
    if (ctx.json) return ctx.printJson({ restarted: true });
    ctx.print('restarted the service');
  },
});
