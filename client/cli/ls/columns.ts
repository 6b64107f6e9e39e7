/** The columns that a list of projects may have. */
import type { Client } from '../../client.ts';
import type { Compared } from '../codebase/behind.ts';
import type { Context } from '../context.ts';
import { commitText, endedTrainings, sizeText } from '../history/trainings.ts';
import type { Gone } from '../../codebase/gone.ts';
import { markedPath } from '../projects/gone.ts';
import { STATUS_STYLES } from '../terminal/colour.ts';
import type { Cell, Column } from '../terminal/table.ts';
import { printable, relativeTime, statusWords, thousands, timeLeft } from '../terminal/text.ts';

/** What is known beside the projects, as far as a column needs it. */
export interface Known {
  readonly active: string | undefined;
  readonly gone: Gone['ids'];
  /** By the ids of projects, in bytes. */
  readonly sizes: ReadonlyMap<string, number>;
}

export interface ListColumn extends Column {
  readonly cell: (ctx: Context, project: Compared, known: Known) => Cell;
}

/** A column of texts that say nothing when they are cut. */
function whole(title: string, text: (project: Compared, ctx: Context, known: Known) => string): ListColumn {
  const cell: ListColumn['cell'] = (ctx, project, known) => ({ text: text(project, ctx, known) });
  return { title, rigid: true, least: Number.POSITIVE_INFINITY, cell };
}

/** A column of texts that may lose something, down to so many columns of the terminal. */
function loose(title: string, least: number, text: (project: Compared) => string): ListColumn {
  return { title, least, cell: (_, project) => ({ text: printable(text(project)) }) };
}

function ago(title: string, time: (project: Compared) => string | null): ListColumn {
  return whole(title, (project, ctx) => {
    const at = time(project);
    return at === null ? 'never' : relativeTime(at, ctx.host.now());
  });
}

function atRight(column: ListColumn): ListColumn {
  return { ...column, align: 'right' };
}

/** By the names under which they are asked for. */
export const COLUMNS = {
  name: {
    title: '  NAME',
    least: 20,
    cell: (ctx, { project_id: id, name }, { active }) => ({
      text: `${id === active ? '*' : ' '} ${printable(name)}`,
      paint: id === active ? (text) => ctx.paint('green', text) : undefined,
    }),
  },
  status: {
    ...whole('STATUS', statusText),
    cell: (ctx, project) => {
      const style = STATUS_STYLES[project.training_status];
      return { text: statusText(project), paint: style && ((text) => ctx.paint(style, text)) };
    },
  },
  behind: {
    ...atRight(whole('BEHIND', () => '')),
    // Commits; nothing where that is not known.
    cell: (ctx, { ahead }) => ({
      text: ahead === null ? '' : thousands(ahead),
      paint: (text) => ctx.paint(ahead === 0 ? 'dim' : 'yellow', text),
    }),
  },
  language: loose('LANGUAGE', 10, ({ language }) => language),
  files: atRight(whole('FILES', ({ file_count: count }) => thousands(count))),
  used: ago('USED', ({ last_used: at }) => at),
  path: {
    title: 'PATH',
    cut: 'start',
    least: 12,
    cell: (ctx, { project_id: id, source_path: path }, { gone }) => ({
      text: markedPath(printable(ctx.shortPath(path)), gone.has(id)),
      paint: gone.has(id) ? (text) => ctx.paint('yellow', text) : undefined,
    }),
  },
  id: whole('ID', ({ project_id: id }) => id),
  tags: loose('TAGS', 10, ({ tags }) => tags.join(', ')),
  trained: ago('TRAINED', ({ last_trained: at }) => at),
  added: ago('ADDED', ({ created_at: at }) => at),
  updated: ago('UPDATED', ({ last_updated: at }) => at),
  size: atRight(whole('SIZE', ({ project_id: id }, _, { sizes }) => sizeText(sizes.get(id) ?? null))),
  commit: whole('COMMIT', ({ trained_from: from }) => commitText(from)),
  'base-model': loose('BASE MODEL', 12, ({ base_model: model }) => model ?? ''),
  remote: { ...loose('REMOTE', 12, ({ repository }) => repository?.remote ?? ''), cut: 'start' },
  reason: loose('REASON', 12, ({ retrain_requested: request }) => request?.reason ?? ''),
  error: loose('ERROR', 12, ({ training }) => training?.error?.trim().split('\n').at(-1) ?? ''),
} as const satisfies Readonly<Record<string, ListColumn>>;

export type ColumnName = keyof typeof COLUMNS;

export const COLUMN_NAMES = Object.keys(COLUMNS) as ColumnName[];

/** The size of what trainings have left of each project. */
export async function sizesOf(
  client: Client,
  projects: readonly { readonly project_id: string }[],
): Promise<Known['sizes']> {
  const sizes = new Map<string, number>();
  for (const { project_id: id } of projects) {
    const trainings = await endedTrainings(client, id);
    sizes.set(
      id,
      trainings.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
    );
  }
  return sizes;
}

function statusText({ training_status: status, training, retrain_requested: retrain }: Compared): string {
  const { progress, eta_s: left } = training ?? {};
  if (status === 'training') {
    const percent = typeof progress === 'number' ? ` ${Math.floor(progress * 100)}%` : '';
    return `training${percent}${typeof left === 'number' ? `, ${timeLeft(left)} left` : ''}`;
  }
  return retrain ? 'retrain' : statusWords(status, training?.outcome);
}
