/** The columns of the table, as far as there is room: what is in them is rather left out than made a riddle. Pure. */
import type { WireProject } from '../../../../src/domain/encoding.ts';
import { progressBar } from '../../terminal/bar.ts';
import { STATUS_STYLES } from '../../terminal/colour.ts';
import { type Cell, type Column, fitWidths, layTable } from '../../terminal/table.ts';
import { printable, relativeTime, timeLeft } from '../../terminal/text.ts';
import { cutText, textWidth } from '../../terminal/width.ts';
import { doing, holderOf, progressOf, standing } from '../standing.ts';
import { sinceWhen, type WatchState } from '../state.ts';
import type { Canvas } from './table.ts';

const GAP = 2;
/** A terminal this narrow does without the column. */
const NEEDS = { progress: 30, doing: 40, since: 50, left: 60, bar: 60, holder: 70, wideBar: 100 };
const BAR = 10;
const WIDE_BAR = 20;
/** Of a longer name, and of text that gives way to other text, this many columns stay. */
const LEAST_NAME = 17;
const LEAST_TEXT = 6;

/** A column of the table. */
interface Part extends Column {
  /** It is cut where there is no room, and not below this width; the others are never cut. */
  readonly least?: number;
  /** The one with the greatest number goes first where there is still no room. */
  readonly goes?: number;
  readonly cell: (project: WireProject) => Cell;
}

/** A column with what stands in it. */
interface Filled {
  readonly part: Part;
  readonly cells: readonly Cell[];
  readonly width: number;
}

/**
 * Titles, and a line for each project.
 *
 * @param isSelected undefined where nothing can be selected
 */
export function layColumns(
  state: WatchState,
  projects: readonly WireProject[],
  canvas: Canvas,
  isSelected?: (id: string) => boolean,
): string[] {
  const filled = parts(state, canvas, isSelected).map((part): Filled => {
    const cells = projects.map((project) => {
      const cell = part.cell(project);
      return { ...cell, text: printable(cell.text) };
    });
    const width = cells.reduce((widest, { text }) => Math.max(widest, textWidth(text)), part.title.length);
    return { part, cells, width };
  });
  return layFitted(fitting(filled, canvas.columns), projects.length, canvas);
}

/** Those that there is room for; what says nothing goes first. */
function fitting(columns: readonly Filled[], limit: number): readonly Filled[] {
  const least = columns.reduce(
    (sum, { part, width }) => sum + Math.min(width, part.least ?? width) + GAP,
    -GAP,
  );
  const going = columns.filter(({ part }) => part.goes !== undefined);
  if (least <= limit || going.length === 0) return columns;
  const empty = going.filter(({ cells }) => cells.every(({ text }) => text === ''));
  const [first] = (empty.length > 0 ? empty : going).toSorted(
    (a, b) => (b.part.goes ?? 0) - (a.part.goes ?? 0),
  );
  return fitting(
    columns.filter((column) => column !== first),
    limit,
  );
}

function layFitted(columns: readonly Filled[], count: number, { columns: limit, paint }: Canvas): string[] {
  const flexible = columns.filter(({ part }) => part.least !== undefined);
  const rigid = columns.filter(({ part }) => part.least === undefined);
  const room = limit - rigid.reduce((sum, { width }) => sum + width + GAP, 0);
  const widths = fitWidths(
    flexible.map(({ width }) => width),
    room,
    [],
    flexible.map(({ part }) => part.least ?? 0),
  );
  const cut = (column: Filled, cell: Cell): Cell => {
    const width = widths[flexible.indexOf(column)] ?? column.width;
    return { ...cell, text: cutText(cell.text, width, 'end') };
  };
  const rows = Array.from({ length: count }, (_, row) =>
    columns.map((column) => cut(column, column.cells[row] ?? { text: '' })),
  );
  return layTable(
    columns.map(({ part: { title } }) => ({ title })),
    rows,
    { columns: limit, paintTitle: (text) => paint('dim', text) },
  );
}

/** @param isSelected undefined where nothing can be selected */
function parts(
  state: WatchState,
  { columns, now, paint }: Canvas,
  isSelected?: (id: string) => boolean,
): Part[] {
  const marks = (id: string): string => {
    const active = id === state.active ? '* ' : '  ';
    return isSelected ? `${isSelected(id) ? '>' : ' '}${active}` : active;
  };
  const all: readonly (Part | false)[] = [
    {
      title: `${isSelected ? ' ' : ''}  NAME`,
      least: LEAST_NAME,
      cell: ({ name, project_id: id }) => ({
        text: marks(id) + printable(name),
        paint: id === state.active ? (text) => paint('green', text) : undefined,
      }),
    },
    {
      title: 'STATUS',
      goes: 1,
      cell: (project) => {
        const style = STATUS_STYLES[project.training_status];
        return { text: standing(project), paint: style && ((text) => paint(style, text)) };
      },
    },
    columns >= NEEDS.progress && {
      title: 'PROGRESS',
      goes: 2,
      cell: (project) => ({
        text: progressBar(progressOf(project), barWidth(columns)),
        paint: (text) => paint('cyan', text),
      }),
    },
    columns >= NEEDS.doing && {
      title: 'DOING',
      least: LEAST_TEXT,
      goes: 3,
      cell: (project) => ({ text: printable(doing(project)) }),
    },
    columns >= NEEDS.holder && {
      title: 'BY',
      least: LEAST_TEXT,
      goes: 6,
      cell: (project) => ({ text: holderOf(project) }),
    },
    columns >= NEEDS.left &&
      state.inOrder().some((project) => state.leftOf(project, now) !== undefined) && {
        title: 'LEFT',
        goes: 4,
        cell: (project) => {
          const left = state.leftOf(project, now);
          return { text: left === undefined ? '' : timeLeft(left / 1000) };
        },
      },
    columns >= NEEDS.since && {
      title: 'SINCE',
      goes: 5,
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
