/** `gardener retrain`: asks for projects to be trained again. */
import { isRefusal } from '../../../src/domain/errors.ts';
import type { Client } from '../../client.ts';
import { behindAmong, behindWords, type Compared, NONE_BEHIND } from '../codebase/behind.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { listAll } from './list.ts';
import { PROJECT, referenceToChange } from './resolve.ts';
import { printable, operands } from '../terminal/text.ts';

export default defineCommand({
  description: 'Marks a project as waiting for training, or all whose code has new commits.',
  usage: '[options] <project>\n       gardener retrain [options] --stale',
  takes: {
    '[project]': PROJECT,
    '--stale': 'all projects whose code has new commits since they were trained',
    '--reason <reason>': 'why, for whoever trains it; with --stale by default how far it is behind',
  },
  async action(ctx, { project: reference, stale, ...given }) {
    if ((reference === undefined) === !stale) {
      throw new UsageError(
        stale ? 'cannot name a project with --stale' : 'cannot retrain: the project is missing',
        'gardener retrain <project>, or gardener retrain --stale',
      );
    }
    if (reference === undefined) return await ctx.withClient((client) => retrainStale(ctx, client, given));
    ctx.hints = { lease_held: `again when the training has ended: gardener show ${operands(reference)}` };
    await ctx.withClient(async (client) => {
      const project = await referenceToChange(ctx, client, reference);
      const waiting = await client.projects.retrain({ project, ...given });
      if (ctx.json) return ctx.printJson(waiting);
      ctx.print(`${ctx.paint('bold', printable(waiting.name))} waits for training now`);
    });
  },
});

interface Skipped {
  readonly project_id: string;
  readonly name: string;
  readonly reason: 'lease_held' | 'project_not_found';
}

const SKIPPED = { lease_held: 'it is being trained', project_not_found: 'it was removed' } as const;

async function retrainStale(
  ctx: Context,
  client: Client,
  given: { readonly reason?: string },
): Promise<void> {
  const behind = await behindAmong(ctx, client, await listAll(client, {}), 'gardener retrain --stale');
  // At once, to become durable together.
  const ends = await Promise.all(behind.map((project) => mark(client, project, given.reason)));
  const projects = ends.flatMap(({ waiting }) => waiting ?? []);
  const skipped = ends.flatMap((end) => end.skipped ?? []);
  for (const { name, reason } of skipped) ctx.note(`skipped ${printable(name)}: ${SKIPPED[reason]}`);
  if (ctx.json) return ctx.printJson({ projects, skipped });
  if (behind.length === 0) ctx.note(NONE_BEHIND);
  for (const { name } of projects) ctx.print(`${ctx.paint('bold', printable(name))} waits for training now`);
}

async function mark(
  client: Client,
  project: Compared,
  reason = behindWords(project),
): Promise<{ waiting?: Compared; skipped?: Skipped }> {
  const { project_id: id, name, ahead, retrain_requested: request } = project;
  // Another request would put it behind those that came after the first.
  if (request) return { waiting: project };
  try {
    const waiting = await client.projects.retrain({ project: id, ...(reason !== undefined && { reason }) });
    return { waiting: { ...waiting, ahead } };
  } catch (error) {
    if (!isRefusal(error, 'lease_held', 'project_not_found')) throw error;
    return { skipped: { project_id: id, name, reason: error.kind as Skipped['reason'] } };
  }
}
