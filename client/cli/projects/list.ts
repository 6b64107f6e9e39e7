/** `gardener ls`: the projects as a table. */
import type { Client } from '../../client.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Params } from '../../../src/protocol/methods.ts';
import { behindAmong, type Compared, NONE_BEHIND, withAhead } from '../codebase/behind.ts';
import { STATUS_STYLES } from '../terminal/colour.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { statuses } from '../option-values.ts';
import { goneAmong, markedPath, SILENT_NOTE } from './gone.ts';
import { type Cell, type Column, printTable } from '../terminal/table.ts';
import { printable, relativeTime, statusWords, thousands, timeLeft } from '../terminal/text.ts';

type Filter = Pick<Params<'projects.list'>, 'status' | 'language' | 'tag' | 'query'>;

/** Projects asked for at once: about a mebibyte. */
const PAGE = 1_000;

const BEHIND: Column = { title: 'BEHIND', align: 'right', rigid: true };
const COLUMNS: readonly Column[] = [
  { title: '  NAME' },
  { title: 'STATUS', rigid: true },
  BEHIND,
  { title: 'LANGUAGE' },
  { title: 'FILES', align: 'right', rigid: true },
  { title: 'USED', rigid: true },
  { title: 'PATH', cut: 'start' },
];

export default defineCommand({
  description: 'Lists the projects; the active one is marked with *.',
  takes: {
    '[query]': 'part of a name, path or tag',
    '--status <status>': { description: 'only projects in this state', ...statuses },
    '--language <language>': 'only projects in this language',
    '--tag <tag>': 'only projects with this tag',
    '--stale': 'only projects whose code has new commits since they were trained',
  },
  async action(ctx, { query, stale, ...options }) {
    const filter: Filter = { ...options, ...(query !== undefined && { query: sought(ctx, query) }) };
    await ctx.withClient(async (client) => {
      const list = async (): Promise<Compared[]> => {
        const all = await listAll(client, filter);
        return await (stale
          ? behindAmong(ctx, client, all, 'gardener ls --stale')
          : withAhead(ctx, client, all));
      };
      if (ctx.json) return ctx.printJson({ projects: await list() });
      const isFiltered = stale ?? Object.keys(filter).length > 0;
      const [projects, { active_project: active }, goneOfAll] = await Promise.all([
        list(),
        client.projects.active(),
        isFiltered ? undefined : goneAmong(client),
      ]);
      if (projects.length === 0) {
        if (stale) return ctx.note(NONE_BEHIND);
        return ctx.note(
          isFiltered
            ? 'no project fits; to see all: gardener ls'
            : 'no projects yet; to add one: gardener add <path>',
        );
      }
      const gone = goneOfAll ?? (await goneAmong(client, projects));
      if (gone.silent) ctx.note(SILENT_NOTE);
      const rows = projects.map((project) =>
        row(ctx, project, project.project_id === active?.project_id, gone.ids.has(project.project_id)),
      );
      // Only where there is something to see in it.
      const isShown = projects.some(({ ahead }) => ahead !== null && ahead > 0);
      const without = <T>(cells: readonly T[]): T[] =>
        cells.filter((_, at) => isShown || COLUMNS[at] !== BEHIND);
      printTable(ctx, without(COLUMNS), rows.map(without));
    });
  },
});

/** What was typed as a path from here, as the registry has it; and as Tab completes a directory, with a slash. */
function sought(ctx: Context, query: string): string {
  return /^(\.{1,2}|~)(\/|$)/.test(query) ? ctx.reference(query) : query.replace(/(?<=[^/])\/+$/, '');
}

/** Every project that fits, by name. */
export async function listAll(client: Client, filter: Filter): Promise<WireProject[]> {
  const all: WireProject[] = [];
  let cursor: string | null = null;
  do {
    const page: { projects: WireProject[]; next_cursor: string | null } = await client.projects.list({
      ...filter,
      sort: 'name',
      limit: PAGE,
      ...(cursor !== null && { cursor }),
    });
    all.push(...page.projects);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return all;
}

function row(ctx: Context, project: Compared, active: boolean, gone: boolean): Cell[] {
  const { training_status: status } = project;
  const style = STATUS_STYLES[status];
  return [
    {
      text: `${active ? '*' : ' '} ${printable(project.name)}`,
      paint: active ? (text) => ctx.paint('green', text) : undefined,
    },
    { text: statusText(project), paint: style && ((text) => ctx.paint(style, text)) },
    behindCell(ctx, project),
    { text: printable(project.language) },
    { text: thousands(project.file_count) },
    { text: project.last_used === null ? 'never' : relativeTime(project.last_used, ctx.host.now()) },
    {
      text: markedPath(printable(ctx.shortPath(project.source_path)), gone),
      paint: gone ? (text) => ctx.paint('yellow', text) : undefined,
    },
  ];
}

/** Commits; nothing where that is not known. */
function behindCell(ctx: Context, { ahead }: Compared): Cell {
  return {
    text: ahead === null ? '' : thousands(ahead),
    paint: (text) => ctx.paint(ahead === 0 ? 'dim' : 'yellow', text),
  };
}

function statusText({ training_status: status, training, retrain_requested: retrain }: WireProject): string {
  const { progress, eta_s: left } = training ?? {};
  if (status === 'training') {
    const percent = typeof progress === 'number' ? ` ${Math.floor(progress * 100)}%` : '';
    return `training${percent}${typeof left === 'number' ? `, ${timeLeft(left)} left` : ''}`;
  }
  return retrain ? 'retrain' : statusWords(status, training?.outcome);
}
