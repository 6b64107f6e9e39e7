/** The registry as a table that fits a terminal. Pure: state, size and time come in. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { progressBar } from '../terminal/bar.ts';
import { type Paint, STATUS_STYLES } from '../terminal/colour.ts';
import { type Cell, type Column, fitWidths, layTable } from '../terminal/table.ts';
import { plural, printable, relativeTime, statusWords, thousands, timeLeft } from '../terminal/text.ts';
import { doing, holderOf, progressOf, standing } from './standing.ts';
import { sinceWhen, type WatchState } from './state.ts';
import { cutText, textWidth } from '../terminal/width.ts';

export interface View {
  readonly columns: number;
  readonly rows: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly paint: Paint;
}

const GAP = 2;
/** With so many rows some may stay blank. */
const ROOMY = 13;
/** A terminal this narrow does without the column. */
const NEEDS = { progress: 30, doing: 40, since: 50, left: 60, bar: 60, holder: 70, wideBar: 100 };
const BAR = 10;
const WIDE_BAR = 20;
/** Of text that gives way to other text, this many columns stay. */
const LEAST_TEXT = 6;

/** A column of the table; a flexible one is cut when there is no room. */
interface Part extends Column {
  readonly flexible?: true;
  readonly cell: (project: WireProject) => Cell;
}

/** At most `rows` lines of at most `columns` columns. */
export function watchTable(state: WatchState, view: View): string[] {
  const { columns, rows, paint } = view;
  const head = [summary(state, view)];
  if (state.problem) head.push(paint('red', cutText(problemWords(state.problem), columns, 'end')));
  if (rows >= ROOMY) head.push('');
  // The titles and the last line.
  const room = rows - head.length - 2;
  if (room < 1) return head.slice(0, rows);
  const projects = state.inOrder();
  const shown = projects.slice(0, room);
  const body = shown.length > 0 ? layParts(parts(state, view), shown, view) : [];
  const lines = [...head, ...body];
  const blank = rows >= ROOMY ? Array.from({ length: rows - 1 - lines.length }, () => '') : [];
  return [...lines, ...blank, lastLine(state, projects.length - shown.length, view)];
}

/** Milliseconds until the table looks different though nothing has happened; undefined where it never does. */
export function staleAfter(state: WatchState, { rows, now }: Pick<View, 'rows' | 'now'>): number | undefined {
  const times = state
    .inOrder()
    .slice(0, rows)
    .map((project) => Math.max(0, now - Date.parse(sinceWhen(project))) / 1000)
    // What is no time is shown as it is, for ever.
    .filter((elapsed) => !Number.isNaN(elapsed))
    .map((elapsed) => {
      const unit = elapsed < 3_600 ? 60 : elapsed < 86_400 ? 3_600 : 86_400;
      return unit - (elapsed % unit);
    });
  return times.length === 0 ? undefined : Math.ceil(Math.min(...times) * 1000);
}

function summary(state: WatchState, { columns, paint }: View): string {
  const counts = state.counts().map(([status, count]) => ({
    text: `${thousands(count)} ${statusWords(status)}`,
    paint: (text: string) => paint(STATUS_STYLES[status] ?? 'bold', text),
  }));
  const total = plural(state.size, 'project');
  const plain = [total, counts.map(({ text }) => text).join(', ')].filter(Boolean).join(': ');
  if (textWidth(plain) > columns) return cutText(plain, columns, 'end');
  const painted = counts.map(({ text, paint: colour }) => colour(text)).join(', ');
  return [paint('bold', total), painted].filter(Boolean).join(': ');
}

function lastLine(state: WatchState, more: number, { columns, paint }: View): string {
  if (!state.connected) return paint('yellow', cutText('no daemon answers; reconnecting …', columns, 'end'));
  const left = more > 0 ? [`${plural(more, 'project')} more`] : [];
  return paint('dim', cutText([...left, 'q leaves'].join('; '), columns, 'end'));
}

function problemWords({ message, line, column }: NonNullable<WatchState['problem']>): string {
  return `problem: ${printable(message)}${line === undefined ? '' : ` (line ${line}, column ${column ?? 1})`}`;
}

function parts(state: WatchState, { columns, now, paint }: View): Part[] {
  const all: readonly (Part | false)[] = [
    {
      title: '  NAME',
      flexible: true,
      cell: ({ name, project_id: id }) =>
        id === state.active
          ? { text: `* ${printable(name)}`, paint: (text) => paint('green', text) }
          : { text: `  ${printable(name)}` },
    },
    {
      title: 'STATUS',
      cell: (project) => {
        const style = STATUS_STYLES[project.training_status];
        return { text: standing(project), paint: style && ((text) => paint(style, text)) };
      },
    },
    columns >= NEEDS.progress && {
      title: 'PROGRESS',
      cell: (project) => ({
        text: progressBar(progressOf(project), barWidth(columns)),
        paint: (text) => paint('cyan', text),
      }),
    },
    columns >= NEEDS.doing && {
      title: 'DOING',
      flexible: true,
      cell: (project) => ({ text: printable(doing(project)) }),
    },
    columns >= NEEDS.holder && {
      title: 'BY',
      flexible: true,
      cell: (project) => ({ text: holderOf(project) }),
    },
    columns >= NEEDS.left &&
      state.inOrder().some((project) => state.leftOf(project, now) !== undefined) && {
        title: 'LEFT',
        cell: (project) => {
          const left = state.leftOf(project, now);
          return { text: left === undefined ? '' : timeLeft(left / 1000) };
        },
      },
    columns >= NEEDS.since && {
      title: 'SINCE',
      cell: (project) => ({
        text: relativeTime(sinceWhen(project), now),
        paint: (text) => paint('dim', text),
      }),
    },
  ];
  return all.filter((part) => part !== false);
}

function barWidth(columns: number): number {
  return columns >= NEEDS.wideBar ? WIDE_BAR : columns >= NEEDS.bar ? BAR : 0;
}

/** Lays out the table; what cannot be cut without becoming a riddle keeps its width. */
function layParts(columns: readonly Part[], projects: readonly WireProject[], view: View): string[] {
  const table = projects.map((project) =>
    columns.map(({ cell: cellOf }) => {
      const cell = cellOf(project);
      return { ...cell, text: printable(cell.text) };
    }),
  );
  const wanted = columns.map(({ title }, at) =>
    table.reduce((widest, row) => Math.max(widest, textWidth(row[at]?.text ?? '')), title.length),
  );
  const flexible = columns.flatMap(({ flexible: is }, at) => (is ? [at] : []));
  const fixed = wanted.reduce((sum, width, at) => (columns[at]?.flexible ? sum : sum + width + GAP), 0);
  const room = Math.max(flexible.length * (LEAST_TEXT + GAP), view.columns - fixed);
  const widths = new Map(
    fitWidths(
      flexible.map((at) => wanted[at] ?? 0),
      room,
    ).map((width, nth) => [flexible[nth], width]),
  );
  const fitted = table.map((row) =>
    row.map((cell, at) => {
      const width = columns[at]?.flexible ? widths.get(at) : undefined;
      return width === undefined ? cell : { ...cell, text: cutText(cell.text, width, 'end') };
    }),
  );
  return layTable(columns, fitted, {
    columns: view.columns,
    paintTitle: (text) => view.paint('dim', text),
  });
}
