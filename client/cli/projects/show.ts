/** `gardener show`: everything about a project. */
import { basename, dirname } from 'node:path';
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Client } from '../../client.ts';
import type { Source } from '../../../src/domain/project.ts';
import { behindWords, type Compared, withItsAhead } from '../codebase/behind.ts';
import { STATUS_STYLES } from '../terminal/colour.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { collect } from '../option-values.ts';
import { exactLine, shownLine } from '../terminal/gate.ts';
import { type Field, printFields } from '../terminal/fields.ts';
import { fieldOf, FIELDS, fieldText } from './field.ts';
import { endedTrainings, type Trained, trainingWords } from '../history/trainings.ts';
import { isGoneNow } from '../../codebase/gone.ts';
import { markedPath } from './gone.ts';
import { namedOrPicked } from './picked.ts';
import { NONE_MEANT, PROJECT, resolveProject } from './resolve.ts';
import {
  byteSize,
  leftWords,
  localTime,
  plural,
  printable,
  relativeTime,
  statusWords,
} from '../terminal/text.ts';

export default defineCommand({
  description: 'Shows everything about a project.',
  takes: {
    '[project]': `${PROJECT}; default the one that is meant here; on a terminal, outside a project, one that you choose`,
    '--field <field>': {
      description:
        'the bare value of a field, for scripts, also metadata.<key>; repeatable, then a line each',
      choices: FIELDS,
      read: collect,
    },
  },
  examples: {
    'gardener show website': 'everything about it',
    'gardener show website --field source_path': 'where it is, and nothing else',
    'gardener show website --field training.error': 'why its last training failed',
  },
  document: {
    '...WireProject?': 'the project; with --field only what was asked for, by the names that were given',
    'ahead?': 'commits that it was not trained with, or null',
  },
  async action(ctx, { project: named, field: fields }) {
    ctx.hints = NONE_MEANT;
    await ctx.withClient(async (client) => {
      if (fields) {
        const { project } = await resolveProject(ctx, client, named);
        return await printValues(ctx, client, project, fields);
      }
      const chosen = ctx.interactive ? await namedOrPicked(ctx, client, named, 'show which project?') : named;
      const [{ project }, { active_project: active }] = await Promise.all([
        resolveProject(ctx, client, chosen),
        client.projects.active(),
      ]);
      if (ctx.json) return ctx.printJson(await withItsAhead(ctx, client, project));
      const [compared, gone, trainings] = await Promise.all([
        withItsAhead(ctx, client, project),
        isGoneNow(client, project),
        endedTrainings(client, project.project_id),
      ]);
      const isActive = active?.project_id === project.project_id;
      const title = ctx.paint('bold', printable(project.name));
      ctx.print(isActive ? `${title}  ${ctx.paint('green', '* active')}` : title);
      printFields(ctx, fieldsOf(ctx, compared, trainings, gone), '  ');
    });
  },
});

/** Of several a line each; one alone keeps its lines. */
async function printValues(
  ctx: Context,
  client: Client,
  project: WireProject,
  fields: readonly string[],
): Promise<void> {
  const document = fields.includes('ahead') ? await withItsAhead(ctx, client, project) : project;
  const [only = '', ...others] = fields.map((field) => fieldText(document, field));
  if (ctx.json) {
    ctx.printJson(Object.fromEntries(fields.map((field) => [field, fieldOf(document, field) ?? null])));
  } else if (!ctx.interactive) {
    // A line each: of several, one with line breaks in it cannot be told from the others.
    const isBare = (value: string): boolean => others.length === 0 || !/[\r\n]/.test(value);
    for (const value of [only, ...others])
      ctx.host.stdout.write(isBare(value) ? exactLine(value) : shownLine(value));
  } else if (others.length === 0) ctx.printText(only);
  else ctx.printLines([only, ...others]);
}

function fieldsOf(ctx: Context, project: Compared, trainings: readonly Trained[], isGone: boolean): Field[] {
  const { training_status: status, training, retrain_requested: retrain } = project;
  const time = (timestamp: string | null): string =>
    timestamp === null
      ? 'never'
      : `${localTime(timestamp)}  ${ctx.paint('dim', relativeTime(timestamp, ctx.host.now()))}`;
  const metadata = Object.entries(project.metadata);
  const reason = retrain?.reason ? `: ${printable(retrain.reason)}` : '';
  return [
    ['id', project.project_id],
    ['path', markedPath(printable(ctx.shortPath(project.source_path)), isGone)],
    ['repository', project.repository ? repositoryText(project.repository) : undefined],
    ['language', `${printable(project.language)}, ${plural(project.file_count, 'file')}`],
    ['tags', project.tags.map(printable).join(', ')],
    ['status', ctx.paint(STATUS_STYLES[status] ?? 'bold', statusWords(status, training?.outcome))],
    ['retrain', retrain ? `requested ${relativeTime(retrain.at, ctx.host.now())}${reason}` : undefined],
    ['training', trainingText(project, ctx.host.now())],
    ['error', training?.error ? linesOf(training.error).map((line) => ctx.paint('red', line)) : undefined],
    ['trained', time(project.last_trained)],
    ['from', project.trained_from ? sourceText(project.trained_from, project) : undefined],
    ['base model', project.base_model ? printable(project.base_model) : undefined],
    ['used', time(project.last_used)],
    ['updated', time(project.last_updated)],
    ['created', time(project.created_at)],
    ...trainedFields(ctx, project),
    ...outputFields(ctx, trainings),
    ['metadata', metadata.map(([key, value]) => printable(`${key}: ${JSON.stringify(value)}`))],
    ['etag', project.etag],
  ];
}

function repositoryText({ remote, root_commit: root }: NonNullable<WireProject['repository']>): string {
  const begun = root === null ? undefined : `begun with ${root.slice(0, 12)}`;
  return listed(remote, begun);
}

function sourceText({ commit, dirty }: Source, project: Compared): string {
  return listed(`${commit.slice(0, 12)}${dirty ? ' (with uncommitted changes)' : ''}`, behindWords(project));
}

/** What is being done; otherwise how it ended, where the project stands as before it. */
function trainingText({ training_status: status, training }: WireProject, now: number): string | undefined {
  if (!training) return undefined;
  const { progress, phase, message, holder, outcome, slot, updated_at: at, eta_s: left } = training;
  if (status !== 'training') {
    if (outcome !== 'cancelled' && outcome !== 'released') return undefined;
    return at === null ? outcome : `${outcome} ${relativeTime(at, now)}`;
  }
  return listed(
    progress === null ? undefined : `${Math.floor(progress * 100)}%`,
    typeof left === 'number' ? leftWords(left) : undefined,
    phase,
    message,
    holder?.name ?? (holder?.pid === undefined ? undefined : `process ${holder.pid}`),
    slot === undefined ? undefined : `slot ${slot}`,
  );
}

/** What there is of it, with commas. */
function listed(...parts: readonly (string | null | undefined)[]): string {
  return parts
    .flatMap((part) => part ?? [])
    .map(printable)
    .join(', ');
}

/** The last lines of a trainer, as it wrote them; a control character must not move the cursor. */
function linesOf(text: string): string[] {
  return text.split(/\r?\n/).map((line) => printable(line.replaceAll('\t', '    ')));
}

/** Where training leaves what. Mostly all is in one directory, whose path nearly fills a line: it is shown once. */
function trainedFields(ctx: Context, project: WireProject): Field[] {
  const short = (path: string): string => printable(ctx.shortPath(path));
  const paths = [
    ['adapter', project.lora_adapter_path],
    ['vectors', project.vector_store_path],
    ['context', project.context_path],
  ] as const;
  const known = paths.flatMap(([label, path]) => (path === null ? [] : [[label, path] as const]));
  const directories = new Set(known.map(([, path]) => dirname(path)));
  const [directory = ''] = directories;
  if (directories.size !== 1 || known.length === 1) {
    return known.map(([label, path]) => [label, short(path)]);
  }
  return [
    ['data', `${short(directory)}/`],
    ...known.map(([label, path]): Field => [label, printable(basename(path))]),
  ];
}

/** Which training made what is in service, and how much all of them have left. */
function outputFields(ctx: Context, trainings: readonly Trained[]): Field[] {
  const serving = trainings.find((training) => training.in_service);
  const kept = trainings.flatMap(({ bytes }) => (bytes === null || bytes === 0 ? [] : [bytes]));
  const total = kept.reduce((sum, bytes) => sum + bytes, 0);
  return [
    ['in service', serving && trainingWords(ctx, serving)],
    ['outputs', kept.length === 0 ? undefined : `of ${plural(kept.length, 'training')}, ${byteSize(total)}`],
  ];
}
