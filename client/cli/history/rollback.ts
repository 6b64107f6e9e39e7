/** `gardener rollback`: takes what an earlier training made back into service. */
import type { Client } from '../../client.ts';
import { RpcError } from '../../errors.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { LocalError } from '../errors.ts';
import { wholeNumber } from '../option-values.ts';
import { NONE_MEANT, PROJECT, resolveProject } from '../projects/resolve.ts';
import { operands, printable } from '../terminal/text.ts';
import { type Trained, trainingWords } from './trainings.ts';

export default defineCommand({
  description:
    'Takes what an earlier training made back into service. Nothing is deleted: it goes forward again in the same way.',
  takes: {
    '[project]': PROJECT,
    '[token]': {
      description:
        'of a training, as gardener history has it; default the last one before what is in service',
      read: wholeNumber,
    },
  },
  examples: {
    'gardener rollback website': 'to what served before',
    'gardener rollback website 1767607200000': 'to a training of its history',
  },
  document: {
    project: 'as it is now',
    token: 'of the training that serves now',
    previous_token: 'of the one that served before, or null',
  },
  async action(ctx, { project: named, token }) {
    const isToken = named !== undefined && token === undefined && /^\d{6,}$/.test(named);
    ctx.hints = isToken ? { project_not_found: `gardener rollback <project> ${named}` } : NONE_MEANT;
    await ctx.withClient(async (client) => {
      const { project } = await resolveProject(ctx, client, named, { isToChange: true });
      const { trainings } = await client.training.history({ project: project.project_id });
      const before = trainings.find((training) => training.in_service);
      const wanted =
        token === undefined ? earlierOf(trainings) : trainings.filter((training) => training.token === token);
      const { promoted, training } = await promoteFirst(ctx, client, project, wanted, token);
      if (ctx.json)
        return ctx.printJson({
          project: promoted,
          token: training.token,
          previous_token: before?.token ?? null,
        });
      const name = ctx.paint('bold', printable(project.name));
      const now = trainingWords(ctx, training);
      if (before?.token === training.token) return ctx.say(`in service of ${name} already: ${now}`);
      ctx.say(`in service of ${name} now: ${now}`);
      if (!before) return;
      ctx.say(`before: ${trainingWords(ctx, before)}`);
      ctx.suggest(`to take that back: gardener rollback ${operands(project.name, String(before.token))}`);
    });
  },
});

/** Those that completed before the one in service, or at all where none of them is, of what may be kept; newest first. */
function earlierOf(trainings: readonly Trained[]): Trained[] {
  const serving = trainings.findIndex((training) => training.in_service);
  return trainings.slice(serving + 1).filter(({ status, bytes }) => status === 'completed' && bytes !== 0);
}

function inService(project: WireProject): string {
  const { lora_adapter_path, vector_store_path, context_path, trained_from, base_model } = project;
  return JSON.stringify([lora_adapter_path, vector_store_path, context_path, trained_from, base_model]);
}

/**
 * Takes back the first that can be, and that changes something where none is named: what there is to take back, only the
 * daemon knows.
 *
 * @param token the one that was named
 * @throws {LocalError} where there is none
 */
async function promoteFirst(
  ctx: Context,
  client: Client,
  project: WireProject,
  wanted: readonly Trained[],
  token: number | undefined,
): Promise<{ promoted: WireProject; training: Trained }> {
  const { project_id: id, name } = project;
  let why =
    token === undefined
      ? 'nothing is kept of a training before what is in service'
      : `no training in its history has the token ${token}`;
  for (const training of wanted) {
    try {
      const promoted = await client.training.promote({ project: id, token: training.token });
      // A training that left nothing had in service what an earlier one made.
      if (token !== undefined || inService(promoted) !== inService(project)) return { promoted, training };
    } catch (error) {
      const issue = error instanceof RpcError && error.issues.find(({ path }) => path === 'token');
      if (!issue) throw error;
      if (token !== undefined) why = `${token} ${ctx.tildes(issue.message)}`;
    }
  }
  throw new LocalError(
    `cannot roll ${printable(name)} back: ${printable(why)}`,
    `gardener history ${operands(name)}`,
  );
}
