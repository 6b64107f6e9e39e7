/** `gardener retrain`: asks for a project to be trained again. */
import type { Context } from '../context.ts';
import { referenceToChange } from './resolve.ts';
import { printable, operands } from '../terminal/text.ts';

export interface RetrainOptions {
  readonly reason?: string;
}

export async function retrain(ctx: Context, reference: string, { reason }: RetrainOptions): Promise<void> {
  ctx.hints = { lease_held: `again when the training has ended: gardener show ${operands(reference)}` };
  await ctx.withClient(async (client) => {
    const project = await referenceToChange(ctx, client, reference);
    const waiting = await client.projects.retrain({ project, ...(reason !== undefined && { reason }) });
    if (ctx.json) return ctx.printJson(waiting);
    ctx.print(`${ctx.paint('bold', printable(waiting.name))} waits for training now`);
  });
}
