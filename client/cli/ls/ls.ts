/** `gardener ls`: the projects as a table, or their names alone. */
import { InvalidArgumentError } from 'commander';
import { type Compared, NONE_BEHIND, withAhead } from '../codebase/behind.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import type { Client } from '../../client.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { positiveNumber, wordOf } from '../option-values.ts';
import { goneAmong, NONE_GONE } from '../../codebase/gone.ts';
import { SILENT_NOTE } from '../projects/gone.ts';
import { type Choice, CHOOSING, chosen, NONE_FITS, QUERY, queryArgument, SORTS } from '../projects/list.ts';
import { typedBack } from '../projects/typed-back.ts';
import { printTable } from '../terminal/table.ts';
import { printable } from '../terminal/text.ts';
import { COLUMN_NAMES, type ColumnName, COLUMNS, type ListColumn, sizesOf } from './columns.ts';

const DEFAULT: readonly ColumnName[] = ['name', 'status', 'behind', 'language', 'files', 'used', 'path'];

/** Columns that were asked for are cut down to this before one is left out. */
const ASKED_LEAST = 5;

const TAKES = {
  '[query]': { description: QUERY, read: queryArgument },
  ...CHOOSING,
  '-q, --quiet': 'names alone, one a line; the id where a name cannot be typed as it is',
  '--sort <order>': { description: 'order; times from the latest, files from the most', ...wordOf(SORTS) },
  '--reverse': 'the other way round',
  '--limit <number>': { description: 'at most so many', read: positiveNumber },
  '--columns <columns>': {
    description: 'these columns, with commas between them',
    choices: COLUMN_NAMES,
    read: columnsArgument,
  },
} as const;

export default defineCommand({
  description: 'Lists the projects; the active one is marked with *.',
  takes: TAKES,
  examples: {
    'gardener ls --tag work --sort used': 'those with a tag, the one used last first',
    'gardener ls --waiting --columns name,reason,tags': 'what train --claim takes, in turn',
    'gardener ls -q | while read -r name; do gardener path "$name"; done': 'in a script',
  },
  document: {
    projects:
      'those that fit, in their order, each with ahead: commits that it was not trained with, or null',
  },
  async action(ctx, { quiet, columns, ...choice }) {
    const forms = [ctx.json && '--json', quiet && '--quiet', columns && '--columns'].filter(Boolean);
    if (forms.length > 1) {
      throw new UsageError(`cannot list in two forms at once: ${forms.join(' and ')}`, 'one of them');
    }
    await ctx.withClient(async (client) => {
      if (!quiet && !ctx.json) return await printProjects(ctx, client, choice, columns);
      const found = await chosen(ctx, client, choice, THERE);
      if (quiet) return ctx.printLines(found.map(typedBack));
      ctx.printJson({ projects: await compared(ctx, client, found) });
    });
  },
});

/** For whoever has to run it elsewhere. */
const THERE = 'gardener ls';

/** What was not asked of git yet. */
async function compared(
  ctx: Context,
  client: Client,
  projects: readonly (WireProject | Compared)[],
): Promise<readonly Compared[]> {
  return projects.every(isCompared) ? projects : await withAhead(ctx, client, projects);
}

function isCompared(project: WireProject | Compared): project is Compared {
  return 'ahead' in project;
}

function unasked(project: WireProject | Compared): Compared {
  return { ahead: null, ...project };
}

async function printProjects(ctx: Context, client: Client, choice: Choice, columns = DEFAULT): Promise<void> {
  const has = (name: ColumnName): boolean => columns.includes(name);
  const { sort: _sort, reverse: _reverse, ...filter } = choice;
  const isFiltered = Object.keys(filter).length > 0;
  const [found, active, goneOfAll] = await Promise.all([
    chosen(ctx, client, choice, THERE),
    has('name') ? client.projects.active() : undefined,
    has('path') && !isFiltered ? goneAmong(client) : undefined,
  ]);
  if (found.length === 0) {
    if (choice.stale) return ctx.note(NONE_BEHIND);
    return ctx.note(isFiltered ? NONE_FITS : 'no projects yet; to add one: gardener add <path>');
  }
  const projects = has('behind') ? await compared(ctx, client, found) : found.map(unasked);
  const gone = goneOfAll ?? (has('path') ? await goneAmong(client, found) : NONE_GONE);
  const sizes = has('size') ? await sizesOf(client, found) : new Map<string, number>();
  if (gone.silent) ctx.note(SILENT_NOTE);
  // Unless it was asked for, only where there is something to see in it.
  const isShown = columns !== DEFAULT || projects.some(({ ahead }) => ahead !== null && ahead > 0);
  const shown = columns.flatMap((name): ListColumn[] =>
    name === 'behind' && !isShown ? [] : [COLUMNS[name]],
  );
  const known = { active: active?.active_project?.project_id, gone: gone.ids, sizes };
  const rows = projects.map((project) => shown.map(({ cell }) => cell(ctx, project, known)));
  // What was asked for gives way to nothing but the end of the terminal, which is said.
  const asked =
    columns === DEFAULT
      ? shown
      : shown.map((column) => ({ ...column, ...(!column.rigid && { least: ASKED_LEAST }) }));
  const left = printTable(ctx, asked, rows).map(({ title }) => title.trim().toLowerCase());
  if (columns !== DEFAULT && left.length > 0) {
    ctx.note(`note: the terminal has no room for ${left.join(', ')}`);
  }
}

function columnsArgument(value: string): readonly ColumnName[] {
  const names = value
    .toLowerCase()
    .split(',')
    .map((name) => name.trim().replace(/[ _]/g, '-'));
  const unknown = names.find((name) => !isColumn(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(
      `there is no column ${printable(unknown) || "''"}; there are ${COLUMN_NAMES.join(', ')}`,
    );
  }
  return names.filter(isColumn);
}

function isColumn(name: string): name is ColumnName {
  return Object.hasOwn(COLUMNS, name);
}
