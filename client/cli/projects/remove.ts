/** `gardener rm`: takes projects out of the registry. The codebases stay. */
import { realpath } from 'node:fs/promises';
import type { Client } from '../../client.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import type { Result } from '../../../src/protocol/methods.ts';
import { confirm } from '../terminal/ask.ts';
import { defineCommand, type Input } from '../command.ts';
import type { Context } from '../context.ts';
import { requireAnswer } from '../codebase/disk-answer.ts';
import { EXIT, UsageError } from '../errors.ts';
import { EXACTLY, PROJECT, referenceTo } from './resolve.ts';
import { plural, printable, operands, tildes } from '../terminal/text.ts';

const TAKES = {
  '<project...>': PROJECT,
  '--keep-files': 'leave what training left',
  '--force': 'even while somebody trains it',
  '--yes': 'do not ask',
} as const;

/** Projects named in the question. */
const MAX_NAMED = 10;

export default defineCommand({
  description: 'Removes projects from the registry, with what training left. The code stays.',
  takes: TAKES,
  examples: {
    'gardener rm website': 'asks first',
    'gardener rm --yes website payments': 'in a script, which nobody asks',
    'gardener undo': 'brings the last one back; of several, one each time',
  },
  document: {
    removed:
      'each with project_id and name; left and kept where what training left stays, with paths and reasons',
    active_project: 'the active project afterwards, or null',
  },
  async action(ctx, { project: references, ...options }) {
    const asks = ctx.host.stdin.isTTY && ctx.host.stderr.isTTY;
    if (!options.yes && !asks) {
      throw new UsageError(
        'cannot remove without asking: this is no terminal',
        `gardener rm --yes ${operands(...references)}`,
      );
    }
    ctx.hints = { lease_held: 'again when the training has ended, or --force' };
    await ctx.withClient(async (client) => {
      // All must be there before the first goes.
      const found = await Promise.all(references.map((reference) => named(ctx, client, reference)));
      const projects = [...new Map(found.map((project) => [project.project_id, project])).values()];
      if (!options.yes && !(await confirmed(ctx, projects, options.keepFiles))) {
        ctx.note('nothing was removed');
        ctx.exitCode = EXIT.refused;
        return;
      }
      await removeAll(ctx, client, projects, options);
    });
  },
});

/** The project that is to go. A path has to be its own: what lies in a project must not take all of it away. */
async function named(ctx: Context, client: Client, text: string): Promise<WireProject> {
  const reference = await referenceTo(ctx, client, text, EXACTLY);
  const project = await client.projects.get({ project: reference });
  if (!reference.startsWith('/') || (await isSamePlace(ctx, reference, project.source_path))) return project;
  const name = printable(project.name);
  throw new UsageError(
    `cannot remove ${printable(text)}: it is not the directory of "${name}" but belongs to it`,
    `gardener rm ${operands(project.name)}`,
  );
}

async function isSamePlace(ctx: Context, a: string, b: string): Promise<boolean> {
  if (a === b) return true;
  for (const path of [a, b]) await requireAnswer(path, ctx.shortPath(path));
  const [left, right] = await Promise.all([a, b].map((path) => realpath(path).catch(() => null)));
  return left !== null && left === right;
}

async function confirmed(ctx: Context, projects: readonly WireProject[], keepFiles?: true): Promise<boolean> {
  const names = projects.slice(0, MAX_NAMED).map(({ name }) => printable(name));
  if (projects.length > MAX_NAMED) names.push('…');
  const what =
    projects.length === 1 ? (names[0] ?? '') : `${plural(projects.length, 'project')} (${names.join(', ')})`;
  const trained = keepFiles ? 'keeping trained data' : 'with trained data';
  return confirm(ctx.host, `remove ${what} from the registry, ${trained}? the code stays`);
}

/** One that is gone, with what could not be deleted, and what stays because it lies elsewhere. */
type Removed = Pick<WireProject, 'project_id' | 'name'> & Pick<Result<'projects.remove'>, 'left' | 'kept'>;

/** Removes in order; the first refusal ends it, after saying what is gone already. */
async function removeAll(
  ctx: Context,
  client: Client,
  projects: readonly WireProject[],
  { keepFiles, force }: Pick<Input<typeof TAKES>, 'keepFiles' | 'force'>,
): Promise<void> {
  const { active_project: before } = await client.projects.active();
  const removed: Removed[] = [];
  let refusal: RegistryError | undefined;
  for (const { project_id: id, name } of projects) {
    try {
      const what = { project: id, ...(keepFiles && { keep_files: true }), ...(force && { force: true }) };
      const { left, kept } = await client.projects.remove(what);
      removed.push({ project_id: id, name, ...(left && { left }), ...(kept && { kept }) });
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      refusal = error;
      break;
    }
  }
  const { active_project: active } = await client.projects.active();
  // Printed at the end: whoever closes the pipe early must not stop half of the removals.
  if (!ctx.json) for (const { name } of removed) ctx.print(`removed ${ctx.paint('bold', printable(name))}`);
  else if (!refusal) ctx.printJson({ removed, active_project: active });
  reportStaying(ctx, removed);
  if (refusal) {
    if (ctx.json) for (const { name } of removed) ctx.note(`removed ${printable(name)} before that`);
    throw refusal;
  }
  if (!ctx.json && active && active.project_id !== before?.project_id) {
    ctx.note(`active now: ${printable(active.name)}`);
  }
  if (removed.length > 1) ctx.suggest('to bring them back: gardener undo, once for each');
}

/** The projects are gone; where something could not be deleted, what was asked for did not happen whole. */
function reportStaying(ctx: Context, removed: readonly Removed[]): void {
  for (const { name, left = [], kept = [] } of removed) {
    for (const { path, reason } of [...left, ...kept]) {
      const where = `${printable(ctx.shortPath(path))}: ${printable(tildes(reason, ctx.host.home))}`;
      ctx.note(`note: trained data of ${printable(name)} stay in ${where}`);
    }
  }
  if (!removed.some(({ left }) => left)) return;
  ctx.note('try: gardener doctor, which says what is in the way; then gardener doctor --fix');
  ctx.exitCode = EXIT.refused;
}
