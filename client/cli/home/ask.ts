/** Asking for all that is seen at a glance. */
import type { Context } from '../context.ts';
import type { Glance } from './glance.ts';

/**
 * What there is to see now. What that takes is loaded while the daemon is reached, and the screen while it answers.
 *
 * @throws {ConnectionError}
 */
export async function askForGlance(ctx: Context): Promise<Glance> {
  const loaded = import('./glance.ts');
  return await ctx.withClient(async (client) => {
    const { lookAround } = await loaded;
    const [glance] = await Promise.all([lookAround(ctx, client), ctx.json || import('./screen.ts')]);
    return glance;
  });
}
