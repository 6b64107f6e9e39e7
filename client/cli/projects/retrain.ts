/** `gardener retrain`: asks for projects to be trained again. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { isRefusal } from '../../../src/domain/values/refusal.ts';
import type { Client } from '../../client.ts';
import { behindWords, type Compared, NONE_BEHIND } from '../codebase/behind.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { type Done, each, type Skipped, tellSkipped } from '../many/each.ts';
import { BY_KIND, type Choice, chosen, NONE_FITS } from './list.ts';
import { PROJECT, referenceToChange } from './resolve.ts';
import { namesOf, plural, printable, shellWord } from '../terminal/text.ts';

export default defineCommand({
  description: 'Marks projects as waiting for training: those that are named, or those that fit.',
  usage:
    '[options] <project...>\n       gardener retrain [options] --all\n       gardener retrain --stale | --tag <tag> | --language <language>',
  takes: {
    '[project...]': PROJECT,
    '--all': 'all projects',
    ...BY_KIND,
    '--reason <reason>':
      'why, for whoever trains it; with --stale by default how far it is behind; what waits already keeps its own unless it is named',
  },
  examples: {
    'gardener retrain payments website --reason "new base model"': 'these two',
    'gardener retrain --stale': 'those whose code has new commits',
    'gardener retrain --tag work --language go': 'those in a language that have a tag',
  },
  document: {
    '...WireProject?': 'of one that was named: the project as it is now',
    'projects?': 'otherwise: those that wait now',
    'skipped?': 'otherwise: those that do not, each with project_id or null, name and reason',
  },
  async action(ctx, { project: references, all, reason, ...kind }) {
    const [flag] = [...(all ? ['all'] : []), ...Object.keys(kind)];
    if (references.length > 0 === (flag !== undefined)) {
      throw new UsageError(
        flag === undefined
          ? 'cannot retrain: the project is missing'
          : `cannot name a project with --${flag}`,
        'gardener retrain <project>, or gardener retrain --stale',
      );
    }
    if (all && Object.keys(kind).length > 0) {
      throw new UsageError('cannot retrain all projects and only some', 'gardener retrain --help');
    }
    const given = reason === undefined ? {} : { reason };
    await ctx.withClient(async (client) => {
      if (flag !== undefined) return await retrainChosen(ctx, client, kind, reason);
      const [reference = '', ...others] = references;
      const ask = (project: string): Promise<WireProject> => client.projects.retrain({ project, ...given });
      if (others.length > 0) {
        return tell(ctx, await each(ctx, client, references, ({ project_id: id }) => ask(id)));
      }
      const project = await ask(await referenceToChange(ctx, client, reference));
      if (ctx.json) return ctx.printJson(project);
      tell(ctx, { projects: [project], skipped: [] });
    });
  },
});

function tell(ctx: Context, done: Done<WireProject>): void {
  if (ctx.json) return ctx.printJson(done);
  const { projects } = done;
  ctx.printLines(projects.map(({ name }) => `${ctx.paint('bold', printable(name))} waits for training now`));
  if (projects.length > 1)
    ctx.suggest(`${plural(projects.length, 'project')}; what waits: gardener ls --waiting`);
}

/** What is being trained, or was removed meanwhile, is no failure of what was asked for. */
async function retrainChosen(
  ctx: Context,
  client: Client,
  kind: Choice,
  reason: string | undefined,
): Promise<void> {
  const there = `gardener retrain${reason === undefined ? '' : ` --reason ${shellWord(reason)}`}`;
  const found = await chosen(ctx, client, kind, there);
  // At once, to become durable together.
  const ends = await Promise.all(found.map((project) => mark(client, { ahead: null, ...project }, reason)));
  const projects = ends.flatMap(({ waiting }) => waiting ?? []);
  const skipped = ends.flatMap((end) => end.skipped ?? []);
  for (const one of skipped) tellSkipped(ctx, one);
  if (!ctx.json && found.length === 0) ctx.note(kind.stale ? NONE_BEHIND : NONE_FITS);
  if (reason !== undefined) {
    // Another request would put it behind those that came after the first.
    const kept = found.filter(({ retrain_requested: request }) => request && request.reason !== reason);
    if (kept.length > 0) ctx.note(`note: waiting already, so not given the new reason: ${namesOf(kept)}`);
  }
  tell(ctx, { projects, skipped });
}

async function mark(
  client: Client,
  project: Compared,
  reason = behindWords(project),
): Promise<{ waiting?: Compared; skipped?: Skipped }> {
  const { project_id: id, name, ahead, retrain_requested: request } = project;
  if (request) return { waiting: project };
  try {
    const waiting = await client.projects.retrain({ project: id, ...(reason !== undefined && { reason }) });
    return { waiting: { ...waiting, ahead } };
  } catch (error) {
    if (!isRefusal(error, 'lease_held', 'project_not_found')) throw error;
    return { skipped: { project_id: id, name, reason: error.kind } };
  }
}
